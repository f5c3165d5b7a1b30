#!/usr/bin/env bash
# The generated rules and dashboards, judged by Prometheus itself: promtool's tests of the rules, mutants that these
# tests must catch, and a Prometheus that scrapes the local mesh and answers every expression of rules and dashboards.
. "$(dirname "$0")/lib/mesh.sh"
. "$lib/prometheus.sh"

command -v promtool >/dev/null || skip "promtool is not here (./dev setup)"
cp "$watched"/prometheus/*.yaml "$work" || fail "no rules in $watched/prometheus"
for rules in "$work"/*.rules.yaml; do
  promtool check rules "$rules" >"$out" 2>"$err" || fail "promtool check rules $(basename "$rules")"
  promtool test rules "${rules%.yaml}.test.yaml" >"$out" 2>"$err" || fail "promtool test rules $(basename "$rules")"
  ok "promtool: $(basename "$rules")"
done

# Each changes one thing that would be wrong in production, and only the tests of the rules can tell.
mutant() { # mutant WHAT SED-SCRIPT
  sed -E "$2" "$watched/prometheus/istio.rules.yaml" >"$work/istio.rules.yaml"
  cmp -s "$work/istio.rules.yaml" "$watched/prometheus/istio.rules.yaml" && fail "the mutant '$1' changes nothing"
  if promtool test rules "$work/istio.rules.test.yaml" >"$out" 2>"$err"; then fail "no test of the rules minds: $1"; fi
  ok "noticed: $1"
}
mutant "another threshold for errors" 's/^( +> 0\.05)$/\16/'
mutant "another threshold for latency" 's/(p99_1m\{.*\}) > 1000/\1 > 2000/'
mutant "errors that last twice as long" 's/for: 2m/for: 4m/'
mutant "a metric that Istio does not have" 's/istio_requests_total/istio_request_total/'
mutant "errors counted on the callers' side" 's/reporter="destination"/reporter="source"/'
mutant "injected faults among the failures" 's/response_flags!~"[^"]*"/response_flags!~"none"/'
mutant "connections that nobody watches" 's/default_cx_open/default_cx_opened/'
mutant "slow answers counted by another bucket" 's/le=~"500/le=~"250/'
mutant "a budget watched over one window" 's/^( +and service:calls_failed:ratio_rate5m.*) > .*/\1 >= 0/'

command -v prometheus >/dev/null || skip "prometheus is not here (./dev setup): expressions were not asked of one"
start mesh "${up[@]}"
watch_mesh istio

# A v1 pod fails: retries hide it until it is ejected, which the alert must see. The only v2 pod fails as well: callers
# get its errors, until its bucket is empty and they get 429.
fails 0
fails -1
traffic() { # so little that v2's bucket, which pays for every try, lasts for some 25 scrapes
  get -o /dev/null "$pets?limit=1&offset=[1-10]" >/dev/null
  get -o /dev/null -H 'canary: true' "$pets?limit=1" >/dev/null
}
within 60 fired CircuitBreakerOpen || fail "the ejection of a pod is not alerted"
ok "the ejection of a pod is alerted"
within 60 fired LowSuccessRate || fail "a caller's failures are not alerted"
ok "a caller's failures are alerted"
within 60 all_panels_show || fail "the dashboard does not show the mesh"
ok "every panel of Istio's dashboard shows data"
rules_are_evaluated
ok "Prometheus evaluates every rule"
stop "$watcher" TERM
stop "$pid" TERM
nothing_left
