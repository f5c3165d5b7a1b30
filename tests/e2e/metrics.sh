#!/usr/bin/env bash
# What a Prometheus and a reader of access logs get to see, under the names and labels they know from Istio.
. "$(dirname "$0")/lib/mesh.sh"

start mesh "${up[@]}" -v
equal "260 canary requests" "200 of 200, 60 of 429" "$(get -o /dev/null -w '%{http_code}\n' -H 'canary: true' \
  "$pets?limit=1&offset=[1-260]" | sort | uniq -c | awk '{ printf "%s%s of %s", sep, $1, $2; sep = ", " }')"

curl -sf "$admin/stats/prometheus" >"$work/page" || fail "no metrics page at $admin"
python3 "$lib/check_metrics.py" "$work/page" || fail "the metrics are not as expected"
within 5 grep -q canary-read "$err" || fail "-v prints no access log"
python3 "$lib/check_access_log.py" "$err" || fail "the access log is not as expected"

# One v1 pod fails on purpose: retries mask it until the caller's sidecar ejects it.
app=$(first_pod appAddress)
curl -sf -X POST "http://${app%:*}:9000/admin/fail?status=503&count=1000" >/dev/null ||
  fail "the pod does not fail when told to"
codes=$(get -o /dev/null -w '%{http_code}\n' "$pets?limit=1&offset=[1-60]")
# 429 is v2's, whose bucket is empty.
equal "answers of the failing pod that a caller saw" 0 "$(grep -cvxE '200|429' <<<"$codes")"
curl -sf "$admin/stats/prometheus" >"$work/page" || fail "no metrics page at $admin"
for counter in rq_retry rq_retry_success outlier_detection_ejections_enforced_total; do
  grep -qE "^envoy_cluster_(upstream_)?$counter\{.*\"outbound\|8080\|v1\|petstore-domain-.* [1-9]" "$work/page" ||
    fail "$counter does not count"
done
ok "retries and the ejection are counted"

stop "$pid" TERM
nothing_left

promtool=$(PATH=$PATH:$root/.cache/bin command -v promtool) ||
  skip "promtool is not here: the metrics page was not parsed by it"
code=0
"$promtool" check metrics <"$work/page" >"$out" 2>"$err" || code=$?
# 3 is for lint: Envoy's counters lack _total, Istio's durations are in milliseconds, and ours have their names.
[[ $code == 0 || $code == 3 ]] || fail "promtool check metrics: exit $code"
if grep -vE 'should (not )?have "_total" suffix|use base unit "seconds"' "$err"; then
  fail "promtool finds more than the naming that Envoy and Istio have"
fi
ok "promtool reads the page"
