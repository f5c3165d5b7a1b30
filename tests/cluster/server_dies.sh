#!/usr/bin/env bash
# The API server is killed midway: it is said what was done and how to go on; when it is back, a rerun finishes it.
. "$(dirname "$0")/lib/cluster.sh"
. "$root/tests/cluster/lib/project.sh"
fresh $namespace

died=0
for ((at = 1; ; at += 3)); do
  meddle $at "'$server' kill '$MARTY_CLUSTER' kube-apiserver"
  weights $((50 + at)) $((50 - at))
  code=0
  timeout 120 "${meddled[@]}" --yes --timeout 20s >"$out" 2>"$err" </dev/null || code=$?
  if [[ $code == 0 ]]; then break; fi
  equal "exit code when the server dies before call $at" 4 $code
  died=$((died + 1))
  says "$err" "kubectl config view --minify"
  start_api
  run 0 "${apply[@]}" --yes
  equal "the weights in force" "$((50 + at)) $((50 - at))" "$(live_weights)"
  in_force
done
((died >= 4)) || fail "it died only $died times: $(calls) calls"
ok "killed at $died moments, a rerun finished the work each time"

# While marty waits for pods, a server that comes back is waited for. The pods start when the label appears on the node.
pods_need late
kubectl label node simulated late- >/dev/null
"${apply[@]}" --yes --timeout 240s >"$out" 2>"$err" </dev/null &
waiting=$!
applied() { [[ $(live deployment/petstore-domain-v1 '{.spec.template.spec.nodeSelector.late}') == true ]]; }
within 60 applied || fail "the Deployment is not applied"
kill_api
start_api
kubectl label node simulated late=true >/dev/null
wait $waiting || fail "it did not wait for the server to come back"
kubectl label node simulated late- >/dev/null
ok "while it waits for pods, it waits for the server too"
fresh $namespace
