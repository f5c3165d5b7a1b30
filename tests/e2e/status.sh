#!/usr/bin/env bash
# status of a mesh on this machine: live rates of each version while requests go through it, and no cluster needed.
. "$(dirname "$0")/lib/mesh.sh"
export KUBECONFIG=/nonexistent LC_ALL=C

start mesh "${up[@]}"
status=("$marty" service-mesh status --service petstore-domain --admin "${admin#http://}")
python3 "$lib/load.py" "$proxy" "$work/enough" 2 GET "$pets?limit=1" >"$work/load.json" &
load=$!
served() { curl -s -o "$work/page" "$admin/stats/prometheus" && grep -q '^istio_requests_total.*"200"' "$work/page"; }
within 20 served || fail "the load does not reach the mesh"

mesh_err=$err out=$work/status.out err=$work/status.err
run 0 "${status[@]}" -o json
python3 - "$out" <<'END' || fail "not the live rates in JSON: $(<"$out")"
import json, sys
shot = json.load(open(sys.argv[1]))
assert shot["schema"] == "marty/v1" and shot["cluster"] is None and shot["checks"] == []
assert shot["local"]["ready"] is True
rates = {one["service"]: one for one in shot["local"]["rates"]}
assert set(rates) == {"petstore-domain-service v1", "petstore-domain-service v2"}, rates
v1 = rates["petstore-domain-service v1"]
assert v1["requestsPerSecond"] > 1 and (v1["successPercent"], v1["mutualTlsPercent"]) == (100, 100), v1
assert 0 < v1["p50Ms"] <= v1["p99Ms"], v1
END
run 0 "${status[@]}"; says "$out" "no cluster: "; says "$out" "all pods are ready"
says "$out" "petstore-domain-service v1"
ok "rates, success, latency and mutual TLS of each version"

set -m
"${status[@]}" --watch >"$out" 2>"$err" </dev/null &
watching=$!
set +m
two_lines() { (($(wc -l <"$out") >= 2)); }
within 30 two_lines || fail "--watch does not go on"
stop $watching INT
equal "exit code of --watch" 130 "$code"
touch "$work/enough"
wait $load || fail "the load failed"
ok "--watch goes on until Ctrl-C"

err=$mesh_err
stop "$pid" TERM
nothing_left
out=$work/status.out err=$work/status.err
run 4 "${status[@]}"; says "$err" "marty service-mesh up"; says "$err" "--kubeconfig FILE"
ok "with neither mesh nor cluster it says what to type"
