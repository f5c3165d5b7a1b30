#!/usr/bin/env bash
# The whole story by itself, as a newcomer runs it: every step holds, and nothing stays.
. "$(dirname "$0")/lib/mesh.sh"

code=0
export MARTY=$marty
timeout 240 plugins/petstore_domain/k8s/service-mesh/demo.sh istio automated >"$out" 2>"$err" </dev/null || code=$?
equal "exit code of the demo" 0 "$code"
grep -n ✗ "$out" && fail "a check of the demo failed"
number=0
while IFS= read -r title; do
  ((number += 1))
  grep -qxF "$number/12  $title" "$out" || fail "step $number is not '$title'"
done <<'STEPS'
Mutual TLS
Authorization
Canary by header
Weighted split
Retries mask a failing pod
Outlier ejection
Connection limit
Chaos: delay
Chaos: abort
Local rate limit
The ejected pod returns
A pod is killed
STEPS
equal "steps told" "$number" "$(grep -cE '^[0-9]+/[0-9]+  ' "$out")"
grep -qE "^$number steps, [0-9]+ checks, 0 failed, " "$out" || fail "the summary is missing"
(($(grep -cE 'istio-policies\.yaml:[0-9]+:[0-9]+' "$out") > 20)) || fail "decisions do not name their manifest lines"
ok "all $number steps hold: $(grep -E "^$number steps" "$out")"
nothing_left
ok "nothing stays"
