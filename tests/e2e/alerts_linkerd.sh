#!/usr/bin/env bash
# What Linkerd's rules and dashboard ask, asked of a Prometheus that scrapes the local mesh under Linkerd's rules.
. "$(dirname "$0")/lib/mesh.sh"
. "$lib/prometheus.sh"
command -v prometheus >/dev/null || skip "prometheus is not here (./dev setup): expressions were not asked of one"

start mesh "$marty" service-mesh up --mesh linkerd --service petstore-domain
cat >"$work/relabel" <<'END'
  metric_relabel_configs:
  - {source_labels: [proxy], regex: '(\S+) (inbound|outbound).*', target_label: pod}
  - {source_labels: [pod], regex: '(petstore-domain-v\d+)-\d+', target_label: workload}
  - {source_labels: [pod], regex: 'petstore-domain-(v\d+)-\d+', target_label: version}
  - {source_labels: [pod], regex: 'petstore-domain-.*', target_label: app, replacement: petstore-domain}
  - {target_label: namespace, replacement: petstore-domain}
END
watch_mesh linkerd

# The only v2 pod fails: callers get its errors until its breaker is open, and then their own proxy's.
fails -1
traffic() {
  get -o /dev/null "$pets?limit=1&offset=[1-10]" >/dev/null
  get -o /dev/null -m 1 -H 'canary: true' "$pets?limit=1&offset=[1-2]" >/dev/null
}
within 60 fired CircuitBreakerOpen || fail "an open breaker is not alerted"
ok "an open breaker is alerted"
within 60 fired LowSuccessRate || fail "a caller's failures are not alerted"
ok "a caller's failures are alerted"

# More than 200 requests in a second of one caller: some get 429.
traffic() { get -o /dev/null --parallel "$pets?limit=1&offset=[1-900]" >/dev/null 2>&1; }
within 60 all_panels_show || fail "the dashboard does not show the mesh"
ok "every panel of Linkerd's dashboard shows data"
rules_are_evaluated
ok "Prometheus evaluates every rule"
stop "$watcher" TERM
stop "$pid" TERM
nothing_left
