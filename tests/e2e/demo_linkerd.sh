#!/usr/bin/env bash
# The story under Linkerd's rules, as a newcomer runs it: every step holds, and nothing stays.
. "$(dirname "$0")/lib/mesh.sh"
[[ -d $root/plugins/petstore_domain/k8s/overlays/service-mesh-linkerd ]] ||
  skip "the service has no overlay for Linkerd; generate-overlay --mesh linkerd writes it"

code=0
timeout 280 "$marty" service-mesh demo --mesh linkerd --auto >"$out" 2>"$err" </dev/null || code=$?
equal "exit code of the demo" 0 "$code"
grep -n ✗ "$out" && fail "a check of the demo failed"
number=$(grep -cE '^[0-9]+/[0-9]+  ' "$out")
((number >= 10)) || fail "only $number steps were told"
for title in Identity Authorization 'Circuit breaker' 'The breaker closes' 'A pod hangs' 'Local rate limit'; do
  grep -qE "^[0-9]+/$number  $title\$" "$out" || fail "'$title' was not told"
done
(($(grep -cE 'linkerd-policies\.yaml:[0-9]+:[0-9]+' "$out") > 10)) || fail "decisions do not name their manifest lines"
ok "all $number steps hold: $(grep -E "^$number steps" "$out")"
nothing_left
ok "nothing stays"
