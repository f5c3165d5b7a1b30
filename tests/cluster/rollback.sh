#!/usr/bin/env bash
# --rollback restores what was in force before, and keeps no secret where a secret does not belong.
. "$(dirname "$0")/lib/cluster.sh"
. "$root/tests/cluster/lib/project.sh"
fresh $namespace

run 3 "${apply[@]}" --rollback --yes; says "$err" "has not applied it to this cluster yet"
run 0 "${apply[@]}" --yes
run 3 "${apply[@]}" --rollback --yes; says "$err" "only the state that is in force"
ok "without an earlier state there is nothing to go back to"

weights 20 80
sed -i 's/attempts: 3/attempts: 2/' "$policies"
run 0 "${apply[@]}" --yes
equal "the weights in force" "20 80" "$(live_weights)"
run 0 "${apply[@]}" --rollback --dry-run; says "$out" "route[0].weight: 20 -> 90"; says "$out" "before generation 2:"
run 0 "${apply[@]}" --rollback --yes
equal "the weights in force" "90 10" "$(live_weights)"
equal "retries" 3 "$(live virtualservice/petstore-domain '{.spec.http[?(@.name=="read")].retries.attempts}')"
equal "the generation" 3 "$(record generation)"
run 0 "${apply[@]}" --rollback --yes
equal "the weights in force" "20 80" "$(live_weights)"
ok "back, and back from there"

kubectl create secret generic api-key -n $namespace --from-literal key=o0ps-secret --dry-run=client -o yaml \
  >$overlay/secret.yaml
sed -i 's/^resources:/&\n- secret.yaml/' $overlay/kustomization.yaml
run 0 "${apply[@]}" --yes
for text in o0ps-secret "$(printf o0ps-secret | base64)"; do
  ! grep -qF "$text" "$out" "$err" || fail "a secret is told"
  [[ $(kubectl get configmaps,deployments -n $namespace -o yaml) != *"$text"* ]] || fail "a secret is kept in the open"
done
sed -i "s/^  key: .*/  key: $(printf changed | base64)/" $overlay/secret.yaml
run 0 "${apply[@]}" --dry-run; says "$out" "data.key: (not shown) -> (not shown)"
run 0 "${apply[@]}" --yes
equal "the secret" changed "$(live secret/api-key '{.data.key}' | base64 -d)"
run 0 "${apply[@]}" --rollback --yes
equal "the secret" o0ps-secret "$(live secret/api-key '{.data.key}' | base64 -d)"
ok "Secrets go back too, and are never shown"
fresh $namespace
