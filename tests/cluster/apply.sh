#!/usr/bin/env bash
# apply-policies against a real API server: what it says without one, the plan, what it applies and in which order, and
# that it waits for pods before it sends them traffic.
. "$(dirname "$0")/lib/cluster.sh"
. "$root/tests/cluster/lib/project.sh"
fresh $namespace

run 4 env PATH=/nonexistent "${apply[@]}"; says "$err" "install it"
run 4 "${apply[@]}" --kubeconfig /nonexistent; says "$err" "--kubeconfig FILE"
run 4 "${apply[@]}" --context nowhere; says "$err" "kubectl config get-contexts"
run 4 "${apply[@]}" --kubeconfig "$(user apply-viewer)"; says "$err" "kubectl auth can-i"
run 0 env KUBECONFIG=/nonexistent "${apply[@]}" --dry-run=client; says "$out" "unknown   VirtualService"
says "$err" "no cluster was asked"
ok "without kubectl, a cluster or permission it says what to type"

run 2 "${apply[@]}"; says "$err" "--yes"; says "$out" "create    VirtualService $namespace/petstore-domain"
run 0 "${apply[@]}" --dry-run; says "$err" "to create"
run 0 "${apply[@]}" --dry-run=client -o json
python3 - "$out" <<'END' || fail "not the plan in JSON"
import json, sys
plan = json.load(open(sys.argv[1]))
assert plan["schema"] == "marty/v1" and plan["result"] == "planned" and plan["dryRun"] == "client", plan
assert {one["action"] for one in plan["objects"]} == {"create"}
assert plan["counts"]["create"] == len(plan["objects"]) > 10
END
gone namespace/$namespace || fail "a plan created the namespace"
ok "a plan changes nothing, and without a terminal nothing is applied"

run 0 "${apply[@]}" --yes; says "$err" "created   VirtualService"; says "$err" "status --service petstore-domain"
equal "who owns the route" marty "$(live virtualservice/petstore-domain '{.metadata.managedFields[*].manager}')"
equal "its label" petstore-domain "$(live virtualservice/petstore-domain '{.metadata.labels.marty\.dev/service}')"
in_force
run 0 "${apply[@]}" --dry-run=client; equal "the client's plan" "" "$(<"$out")"
run 0 "${apply[@]}" --yes; says "$err" unchanged
equal "the record's generation" 1 "$(record generation)"
ok "what it applied is unchanged to server and client, and applied once"

weights 70 30
run 0 "${apply[@]}" --dry-run
says "$out" "spec.http[read].route[0].weight: 90 -> 70  $policies:"
line=$(sed -n 's/.*route\[1\]\.weight: 10 -> 30 .*yaml:\([0-9]*\):.*/\1/p' "$out")
equal "line $line of the manifest" "weight: 30" "$(sed -n "${line:-1}s/^ *//p" "$policies")"
run 0 "${apply[@]}" --yes
equal "the weights in force" "70 30" "$(live_weights)"
in_force
ok "a change names its field, both values and its line, and is applied"

kubectl patch virtualservice petstore-domain -n $namespace --type json --field-manager marty \
  -p '[{"op": "add", "path": "/spec/gateways", "value": ["mesh"]}]' >/dev/null
kubectl delete destinationrule petstore-domain -n $namespace >/dev/null
run 0 "${apply[@]}" --dry-run; says "$out" "create    DestinationRule"
run 0 "${apply[@]}" --yes
[[ $(live destinationrule/petstore-domain '{.spec.host}') == *petstore-domain-service* ]] || fail "drift is not mended"
in_force
ok "what somebody removed comes back"

# A version whose pods cannot start gets no traffic.
weights 10 90
pods_need no-such-label
run 1 "${apply[@]}" --yes --timeout 3s
says "$err" "not ready in time"; says "$err" "the same command finishes the work"; says "$err" describe
equal "the weights in force" "70 30" "$(live_weights)"
equal "the record's state" applying "$(record state)"
sed -i '/nodeSelector:/d' plugins/petstore_domain/k8s/base/deployments.yaml
run 0 "${apply[@]}" --yes; says "$err" "was begun"
equal "the weights in force" "10 90" "$(live_weights)"
in_force
ok "traffic moves only to pods that are ready"

cat >extra.yaml <<'END'
{apiVersion: example.com/v1, kind: Widget, metadata: {name: one}}
END
run 4 "${apply[@]}" --manifests extra.yaml --yes; says "$err" "does not know Widget (example.com)"
sed -i 's/^  hosts:$/  hots: [a]\n&/' "$policies"
run 4 "${apply[@]}" --yes; says "$err" "hots"; says "$err" "validate"
equal "the record's state" applied "$(record state)"
ok "unknown kinds and fields are refused before anything is changed"

fresh $namespace
run 4 "${apply[@]}" --yes; says "$err" "hots"
gone virtualservice/petstore-domain && gone deployment/petstore-domain-v1 || fail "a refused field is half applied"
sed -i '/hots: \[a\]/d' "$policies"
run 0 "${apply[@]}" --yes
ok "in a new namespace too, everything is tried before the first of it is applied"

weights 50 50
python3 "$root/tests/cluster/lib/answer.py" n "${apply[@]}" >"$out" || fail "answering no"
says "$out" "nothing was applied"
equal "the weights in force" "10 90" "$(live_weights)"
python3 "$root/tests/cluster/lib/answer.py" y "${apply[@]}" >"$out" || fail "answering yes"
equal "the weights in force" "50 50" "$(live_weights)"
ok "on a terminal it asks"

# Routes are accepted by Linkerd's controller, which is not here: nobody waits for it.
fresh $namespace
apply=("${apply[@]/%istio/linkerd}")
run 0 "${apply[@]}" --yes --timeout 0s
in_force
ok "Linkerd's overlay too"
fresh $namespace
