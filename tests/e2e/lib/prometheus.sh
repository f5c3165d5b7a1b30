# Sourced after mesh.sh: a Prometheus that scrapes a local mesh and evaluates its rules. $watched is the folder with
# rules and dashboards; a test's own traffic() is sent before each question.
PATH=$PATH:$root/.cache/bin
watched=$root/plugins/petstore_domain/k8s/service-mesh

# watch_mesh MESH: nobody wants to wait for minutes here; what is asked stays the same. Lines of $work/relabel, if there
# are any, stand for what the PodMonitor adds in a cluster.
watch_mesh() {
  watched_mesh=$1
  local port
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  prometheus=http://127.0.0.1:$port
  sed -E 's/interval: .*/interval: 1s/; s/for: .*/for: 1s/' \
    "$watched/prometheus/$watched_mesh.rules.yaml" >"$work/$watched_mesh.rules.yaml"
  cat >"$work/prometheus.yml" <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [$watched_mesh.rules.yaml]
scrape_configs:
- job_name: sidecars
  metrics_path: /stats/prometheus
  static_configs: [{targets: ["${admin#http://}"]}]
$(cat "$work/relabel" 2>/dev/null)
END
  mkdir "$work/prometheus"
  prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/prometheus" \
    --web.listen-address="127.0.0.1:$port" >"$work/prometheus.out" 2>"$work/prometheus.err" </dev/null &
  watcher=$!
  started+=("$watcher")
  within 30 curl -sf -o /dev/null "$prometheus/-/ready" || { err=$work/prometheus.err; fail "Prometheus is not ready"; }
}
fails() { # fails POD-INDEX: its application answers 503 from now on
  local app
  app=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["pods"][int(sys.argv[2])]["appAddress"])' \
    "$ready" "$1")
  curl -sf -X POST "http://${app%:*}:9000/admin/fail?status=503&count=100000" >/dev/null || fail "pod $1 does not fail"
}
ask() { curl -sf --data-urlencode "query=$1" "$prometheus/api/v1/query"; }
scraped_again() { # since the last time: a series first seen at its end has no rate, so traffic goes on between scrapes
  local scrape
  scrape=$(ask 'timestamp(up == 1)' | grep -o '"value":.*') || return
  [[ $scrape != "${last_scrape:-}" ]] && last_scrape=$scrape
}
fired() { # fired ALERT: now or before
  traffic
  within 30 scraped_again || fail "Prometheus does not scrape"
  [[ $(ask "last_over_time(ALERTS{alertname=\"$1\",alertstate=\"firing\"}[5m])") == *"\"alertname\":\"$1\""* ]]
}
all_panels_show() {
  traffic
  python3 "$lib/check_expressions.py" "$prometheus" "$watched/dashboards/$watched_mesh.json" data >"$out" 2>&1
}
rules_are_evaluated() {
  curl -sf "$prometheus/api/v1/rules" >"$work/rules.json" || fail "Prometheus does not tell about its rules"
  python3 - "$work/rules.json" >"$out" 2>&1 <<'END' || fail "Prometheus cannot evaluate a rule"
import json, sys
rules = [rule for group in json.load(open(sys.argv[1]))["data"]["groups"] for rule in group["rules"]]
bad = [rule for rule in rules if rule["health"] != "ok"]
assert rules and not bad, bad
END
}
