#!/usr/bin/env bash
# status against a real API server: what is there, what drifted, what is missing, and what to type next.
. "$(dirname "$0")/lib/cluster.sh"
. "$root/tests/cluster/lib/project.sh"
status=("$marty" service-mesh status --service petstore-domain --mesh istio --admin 127.0.0.1:1)
check() { # check SECTION SUBJECT KEY: of the JSON in $out
  python3 - "$out" "$@" <<'END'
import json, sys
shot, section, subject, key = json.load(open(sys.argv[1])), *sys.argv[2:]
assert shot["schema"] == "marty/v1"
print(next((c[key] for c in shot["checks"] if c["section"] == section and c["subject"].startswith(subject)), "absent"))
END
}
expect() { equal "$1 $2" "$4" "$(check "$1" "$2" "$3")"; } # expect SECTION SUBJECT KEY VALUE
export LC_ALL=C
fresh $namespace istio-system

run 4 env KUBECONFIG=/nonexistent "${status[@]}"; says "$err" "--kubeconfig FILE"; says "$err" "marty service-mesh up"
run 1 "${status[@]}"; says "$out" "FAIL VirtualService $namespace/petstore-domain: missing"
says "$out" "mend: marty service-mesh apply-policies --service petstore-domain"; says "$err" "failed"
run 1 env LC_ALL=C.UTF-8 NO_COLOR= "${status[@]}"; says "$out" "× "
ok "with neither cluster nor local mesh it says both next steps; before an apply everything is missing"

run 0 "${apply[@]}" --yes
run 1 "${status[@]}" -o json
expect policies "VirtualService $namespace/petstore-domain" level ok
expect workloads "Deployment $namespace/petstore-domain-v1" says "3 of 3 pods are ready"
expect mtls "petstore-domain-v1 port 8080" says STRICT
expect split "VirtualService $namespace/petstore-domain" says "weights v1 90, v2 10"
expect injection "Namespace $namespace" level ok
expect injection pods level failed
expect mesh "istio control plane" level failed
expect record "last apply-policies" level ok
ok "what is in force is said, and what a cluster without Istio lacks"

# A control plane and pods as Istio leaves them.
kubectl create namespace istio-system >/dev/null
kubectl create deployment istiod -n istio-system --image=docker.io/istio/pilot:1.29.3 >/dev/null
kubectl label deployment istiod -n istio-system app=istiod --overwrite >/dev/null
kubectl rollout status deployment/istiod -n istio-system --timeout 60s >/dev/null || fail "no istiod"
kubectl scale deployment petstore-domain-v2 -n $namespace --replicas 2 >/dev/null
kubectl delete authorizationpolicies.security.istio.io petstore-domain-health -n $namespace >/dev/null
kubectl label namespace $namespace istio-injection=disabled --overwrite >/dev/null
run 1 "${status[@]}" -o json
expect mesh "Deployment istio-system/istiod" level ok
expect mesh "version of" says "1.29.3, but mesh.yaml is written for istio 1.30"
expect policies "Deployment $namespace/petstore-domain-v2" says "drifted: spec.replicas is 2, not 1"
expect policies "AuthorizationPolicy $namespace/petstore-domain-health" says missing
expect injection "Namespace $namespace" mend "kubectl label namespace $namespace istio-injection=enabled"
ok "drift, what is missing, another version and lost injection are found"

viewer=$(user status-viewer)
run 4 "${status[@]}" --kubeconfig "$viewer"; says "$err" "kubectl auth can-i"
kubectl apply -f - >/dev/null <<'END'
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: status-viewer}
rules:
- {apiGroups: ["*"], resources: ["*"], verbs: [get, list]}
END
kubectl create clusterrolebinding status-viewer --clusterrole status-viewer --user status-viewer >/dev/null
run 1 "${status[@]}" --kubeconfig "$viewer" -o json
expect policies comparison level warning
expect policies "Deployment $namespace/petstore-domain-v2" says "drifted: spec.replicas is 2, not 1"
expect policies "Service $namespace/petstore-domain-service" level ok
kubectl delete clusterrolebinding,clusterrole status-viewer >/dev/null
ok "who may only read gets our own comparison; who may not even that, what to ask for"

set -m # as from a terminal: SIGINT is not ignored
"${status[@]}" --watch >"$out" 2>"$err" </dev/null &
watching=$!
set +m
two_lines() { (($(wc -l <"$out") >= 2)); }
within 60 two_lines || fail "--watch does not go on"
kill -INT $watching
code=0; wait $watching || code=$?
equal "exit code of --watch" 130 $code
python3 -c 'import json, sys
for line in open(sys.argv[1]): assert json.loads(line)["schema"] == "marty/v1"' "$out" || fail "not one JSON a line"
ok "--watch prints one JSON line a look until Ctrl-C"
fresh $namespace istio-system
