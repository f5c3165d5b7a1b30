#!/usr/bin/env bash
# validate --live: files are judged together with what a real API server holds.
. "$(dirname "$0")/lib/cluster.sh"
. "$root/tests/cluster/lib/project.sh"
fresh $namespace other
host=petstore-domain-service.$namespace.svc.cluster.local
live=("$marty" mesh validate --live)
rules() { # rules: of the JSON in $out, with where they are
  python3 -c 'import json, sys
for one in json.load(sys.stdin)["findings"]: print(one["rule"], one["file"], one["object"]["name"])' <"$out"
}

run 4 "${live[@]}" --kubeconfig /nonexistent; says "$err" "--kubeconfig FILE"
run 4 "${live[@]}" --kubeconfig "$(user live-nobody)"; says "$err" "kubectl auth can-i"
run 2 "${live[@]}" --service petstore-domain; says "$err" "--live goes with paths"
ok "without a cluster or permission it says what to type"

run 0 "${apply[@]}" --yes
run 0 "${live[@]}" -n $namespace; says "$err" "0 errors, 0 warnings"
ok "what apply-policies put there is silent"

# A subset that only the cluster knows, and one that nobody does.
cat >more.yaml <<END
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: admin, namespace: other}
spec:
  hosts: [admin]
  http:
  - match: [{uri: {prefix: /v2}}]
    route: [{destination: {host: $host, port: {number: 8080}, subset: v2}}]
  - route: [{destination: {host: $host, port: {number: 8080}, subset: v9}}]
END
run 1 "${live[@]}" more.yaml -o json
equal "what is found" "unknown-subset more.yaml admin" "$(rules | grep subset)"
equal "where" "" "$(rules | grep -v ' more.yaml ')"
ok "a file is judged with the cluster's objects, and only what concerns it is said"

kubectl create namespace other >/dev/null
sed -i 's/subset: v9/subset: v1/' more.yaml
run 0 "${live[@]}" more.yaml
kubectl apply -f more.yaml >/dev/null
run 0 "${live[@]}"
kubectl delete destinationrule petstore-domain -n $namespace >/dev/null
run 1 "${live[@]}" -o json
said=$(rules)
[[ $said == *"unknown-subset "*"/virtualservices.networking.istio.io admin"* ]] || fail "it is not said of the cluster"
run 1 "${live[@]}"; says "$out" "marty-test/virtualservices.networking.istio.io:"
ok "with no path, what is in force is judged"

# The file takes the place of the object it would replace.
equal "DestinationRules left" "" "$(kubectl get destinationrule -n $namespace -o name)"
run 0 "${live[@]}" "$overlay" more.yaml
ok "files take the place of what they would replace"
fresh $namespace other
