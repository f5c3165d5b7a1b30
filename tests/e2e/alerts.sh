#!/usr/bin/env bash
# The generated rules and dashboards, judged by Prometheus itself: promtool's tests of the rules, mutants that these
# tests must catch, and a Prometheus that scrapes the local mesh and answers every expression of rules and dashboards.
. "$(dirname "$0")/lib/mesh.sh"
PATH=$PATH:$root/.cache/bin
watched=$root/plugins/petstore_domain/k8s/service-mesh

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
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
prometheus=http://127.0.0.1:$port
start mesh "${up[@]}"
# Nobody wants to wait for minutes here; what is asked stays the same.
sed -E 's/interval: .*/interval: 1s/; s/for: .*/for: 1s/' \
  "$watched/prometheus/istio.rules.yaml" >"$work/istio.rules.yaml"
cat >"$work/prometheus.yml" <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [istio.rules.yaml]
scrape_configs:
- job_name: sidecars
  metrics_path: /stats/prometheus
  static_configs: [{targets: ["${admin#http://}"]}]
END
mkdir "$work/prometheus"
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/prometheus" \
  --web.listen-address="127.0.0.1:$port" >"$work/prometheus.out" 2>"$work/prometheus.err" </dev/null &
watcher=$!
started+=("$watcher")
within 30 curl -sf -o /dev/null "$prometheus/-/ready" || { err=$work/prometheus.err; fail "Prometheus is not ready"; }

# A v1 pod fails: retries hide it until it is ejected, which the alert must see. The only v2 pod fails as well: callers
# get its errors, until its bucket is empty and they get 429.
for each in 0 -1; do
  app=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["pods"][int(sys.argv[2])]["appAddress"])' \
    "$ready" "$each")
  curl -sf -X POST "http://${app%:*}:9000/admin/fail?status=503&count=100000" >/dev/null || fail "no pod fails"
done
traffic() { # so little that v2's bucket lasts for some scrapes
  get -o /dev/null "$pets?limit=1&offset=[1-10]" >/dev/null
  get -o /dev/null -H 'canary: true' "$pets?limit=1&offset=[1-2]" >/dev/null
}
fired() { # fired ALERT: now or before
  traffic
  curl -sf --data-urlencode "query=last_over_time(ALERTS{alertname=\"$1\",alertstate=\"firing\"}[5m])" \
    "$prometheus/api/v1/query" | grep -q "\"alertname\":\"$1\""
}
all_panels_show() {
  traffic
  python3 "$lib/check_expressions.py" "$prometheus" "$watched/dashboards/istio.json" data >"$out" 2>&1
}
within 60 fired CircuitBreakerOpen || fail "the ejection of a pod is not alerted"
ok "the ejection of a pod is alerted"
within 60 fired LowSuccessRate || fail "a caller's failures are not alerted"
ok "a caller's failures are alerted"
within 60 all_panels_show || fail "the dashboard does not show the mesh"
ok "every panel of Istio's dashboard shows data"
curl -sf "$prometheus/api/v1/rules" >"$work/rules.json" || fail "Prometheus does not tell about its rules"
python3 - "$work/rules.json" >"$out" 2>&1 <<'END' || fail "Prometheus cannot evaluate a rule"
import json, sys
rules = [rule for group in json.load(open(sys.argv[1]))["data"]["groups"] for rule in group["rules"]]
bad = [rule for rule in rules if rule["health"] != "ok"]
assert rules and not bad, bad
END
ok "Prometheus evaluates every rule"
if [[ -f $watched/dashboards/linkerd.json ]]; then
  python3 "$lib/check_expressions.py" "$prometheus" "$watched/dashboards/linkerd.json" syntax >"$out" 2>&1 ||
    fail "Linkerd's dashboard asks what Prometheus does not understand"
  ok "Prometheus understands every panel of Linkerd's dashboard"
fi
stop "$watcher" TERM
stop "$pid" TERM
nothing_left
