#!/usr/bin/env bash
# marty is killed before each of its calls of kubectl in turn. Whatever was done by then, the same command finishes it.
. "$(dirname "$0")/lib/cluster.sh"
. "$root/tests/cluster/lib/project.sh"
fresh $namespace
run 0 "${apply[@]}" --yes

# Two states that differ in a value, in a Deployment and in an object that only one of them has.
cp -r plugins/petstore_domain/k8s one
cp -r plugins/petstore_domain/k8s two
sed -i 's/weight: 90/weight: 80/; s/weight: 10$/weight: 20/' two/overlays/service-mesh-istio/istio-policies.yaml
sed -i 's/replicas: 3/replicas: 2/' two/base/deployments.yaml
cat >>two/base/serviceaccounts.yaml <<END
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: only-in-two, namespace: $namespace}
END

state=one killed=0
other() { if [[ $state == one ]]; then echo two; else echo one; fi; }
in_state() { # in_state NAME: everything of it is in force, and nothing of the other
  run 0 "${apply[@]}" --dry-run --manifests "$1/overlays/service-mesh-istio"
  equal "the plan" "" "$(<"$out")"
  equal "the record's state" applied "$(record state)"
  local there=one
  gone serviceaccount/only-in-two || there=two
  equal "whose ServiceAccounts are there" "$1" $there
}
for ((at = 1; ; at++)); do
  next=$(other)
  words=(--yes --manifests "$next/overlays/service-mesh-istio")
  meddle $at 'kill -KILL "$marty"'
  code=0
  { timeout 120 "${meddled[@]}" "${words[@]}" >"$out" 2>"$err" </dev/null || code=$?; } 2>/dev/null # no "Killed"
  if [[ $code == 0 ]]; then break; fi
  equal "exit code when killed at call $at" 137 $code
  killed=$((killed + 1))
  kubectl get namespace $namespace -o name >/dev/null || fail "the namespace is gone"
  run 0 "${apply[@]}" "${words[@]}"
  in_state "$next"
  state=$next
done
((killed >= 10)) || fail "killed only $killed times: $(calls) calls"
in_state "$(other)"
ok "killed at each of $killed calls of kubectl, a rerun finished the work"

state=$(other)
meddle 8 'kill -INT "$marty"; read -rt 20 _ < <(sleep 20)'
run 130 "${meddled[@]}" --yes --manifests "$(other)/overlays/service-mesh-istio"
says "$err" "the same command finishes the work"
run 0 "${apply[@]}" --rollback --yes
in_state "$state"
ok "Ctrl-C ends it cleanly, says how to go on, and --rollback undoes what it had done"
fresh $namespace
