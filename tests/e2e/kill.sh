#!/usr/bin/env bash
# A pod dies of kill -9 under load: retries and ejection hide it from the callers, and it comes back.
. "$(dirname "$0")/lib/mesh.sh"

# The petstore's own policies, but with room for a load, and an ejection short enough to see its end.
cp -rL plugins/petstore_domain/k8s "$work/k8s"
overlay=$work/k8s/overlays/service-mesh-istio
sed -i -e 's/max_tokens: 200/max_tokens: 10000000/' -e 's/interval: 30s/interval: 1s/' \
  -e 's/baseEjectionTime: 30s/baseEjectionTime: 4s/' "$overlay/istio-policies.yaml"
threads=6
start mesh "$marty" mesh up --manifests "$overlay" --local plugins/petstore_domain/local.yaml

victim=petstore-domain-v1-1
state() { # state EXPRESSION: over the victim's endpoints `e` at the client's sidecar
  curl -s "$admin/endpoints" | python3 -c '
import json, sys
e = [e for e in json.load(sys.stdin)["endpoints"]
     if e["pod"] == sys.argv[1] and e["proxy"].startswith("petstore-client") and "|v1|" in e["cluster"]]
sys.exit(0 if eval(sys.argv[2]) else 1)' "$victim" "$1"
}
served() { # requests the victim's own sidecar answered with 200
  curl -s "$admin/stats/prometheus" | awk -v pod="$victim inbound" '
    /^istio_requests_total/ && index($0, pod) && /response_code="200"/ { n += $NF } END { print n + 0 }'
}
more_served() { (($(served) > $1)); }

python3 "$lib/load.py" "$proxy" "$work/enough" $threads GET "$pets?limit=1" >"$work/load.json" &
load=$!
within 20 more_served 20 || fail "the load does not reach $victim"
state 'len(e) == 1 and not e[0]["ejected"]' || fail "$victim is not a healthy endpoint before it is killed"
killed=$(python3 - "$ready" "$victim" <<'PY'
import json, os, signal, sys, time
os.kill(next(p["pid"] for p in json.load(open(sys.argv[1]))["pods"] if p["name"] == sys.argv[2]), signal.SIGKILL)
print(time.monotonic())
PY
) || fail "$victim could not be killed"
within 15 state 'e[0]["ejected"] and e[0]["returnsInMs"] > 0' ||
  fail "$victim is not ejected: $(curl -s "$admin/endpoints")"
ok "$victim is ejected after kill -9"
within 20 grep -qF "$victim is ready again" "$err" || fail "$victim does not start again"
says "$err" "$victim ended with signal 9"
within 40 state 'not e[0]["ejected"]' || fail "$victim stays ejected"
before=$(served)
within 20 more_served "$((before + 20))" || fail "$victim gets no requests after its return"
ok "$victim starts again and returns to load balancing"

touch "$work/enough"
wait $load || fail "the load failed"
python3 - "$work/load.json" "$killed" $threads <<'PY' || fail "GETs failed that were not in flight when the pod died"
import collections, json, sys
killed, threads = float(sys.argv[2]), int(sys.argv[3])
answers = json.load(open(sys.argv[1]))
lost = [a for a in answers if a[2] != 200]
# kill(2) returns before the process is gone: what began up to 50 ms later may still have met it alive.
elsewhere = [a for a in lost if not a[0] <= killed + 0.05 <= a[1] + 0.1]
statuses = dict(collections.Counter(a[2] for a in answers))
print(f"{len(answers)} GETs, {threads} at a time: {len(lost)} failed,", statuses)
for begin, end, status, version in elsewhere[:10]:
    print(f"  {begin - killed:+.3f} s to {end - killed:+.3f} s after the kill: {status} {version}")
assert len(answers) > 300 and len(lost) <= threads and not elsewhere
PY
ok "no GET failed beyond those in flight"

stop "$pid" TERM
nothing_left
