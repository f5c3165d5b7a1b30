#!/usr/bin/env bash
# `up` as a user types it: who is answered, who is refused, and that no way to end it leaves a process.
. "$(dirname "$0")/lib/mesh.sh"

run 0 "${up[@]}" -- curl -s -o /dev/null -w '%{http_code}' "$pets"
equal "the status curl saw" 200 "$(cat "$out")"
nothing_left
ok "up -- curl prints 200, and nothing stays"

run 0 "${up[@]}" -- curl -s -o /dev/null -D - -H 'canary: true' "$pets?limit=[1-20]"
equal "answers to 20 canary requests" 20 "$(grep -c '^HTTP/1.1 200' "$out")"
equal "answers by v2" 20 "$(grep -ci '^x-petstore-version: v2' "$out")"
ok "the canary header leads to v2, 20 times of 20"

run 0 "${up[@]}" -- curl -s -w '\n%{http_code}\n' -H 'canary: true' "$pets?limit=1&offset=[1-400]"
codes=$(grep -xE '[0-9]{3}' "$out")
passed=$(grep -cx 200 <<<"$codes") limited=$(grep -cx 429 <<<"$codes")
equal "answers that are 200 or 429" 400 $((passed + limited))
equal "the first 200 answers" "200 200" "$(head -n 200 <<<"$codes" | sort | uniq -c | xargs)"
((limited >= 100)) || fail "expected 100 or more of 400 requests limited, saw $limited"
equal "429 answers that say why" "$limited" "$(grep -cx local_rate_limited "$out")"
ok "400 requests without a pause: $passed pass, $limited get 429 local_rate_limited"

run 7 "${up[@]}" -- sh -c 'exit 7'
run 1 "${up[@]}" -- false
run 143 "${up[@]}" -- sh -c 'kill -TERM $$'
nothing_left
ok "the exit status of CMD is marty's"

run 0 "${up[@]}" --as petstore-domain/stranger -- curl -s -w ' %{http_code}' "$pets"
equal "what a stranger gets" "RBAC: access denied 403" "$(cat "$out")"
ok "a stranger is refused"

run 0 "${up[@]}" -- curl -s -w '%{http_code}' http://nowhere.example:8080/
equal "what an unknown host gets" 502 "$(cat "$out")"
ok "a host the mesh does not know is answered 502"

start first "${up[@]}"
python3 - "$ready" <<'PY' || fail "the ready file has not the agreed form: $(cat "$ready")"
import json, os, re, sys
told = json.load(open(sys.argv[1]))
assert told["schema"] == "marty/v1", told["schema"]
for key in ("ingress", "proxy", "admin"):
    assert re.fullmatch(r"http://127\.\d+\.\d+\.\d+:\d+", told[key]), key
assert [p["version"] for p in told["pods"]] == ["v1", "v1", "v1", "v2"]
for pod in told["pods"]:
    assert pod["name"].startswith(pod["workload"] + "-") and pod["workload"] == "petstore-domain-" + pod["version"]
    assert re.fullmatch(r"127\.\d+\.\d+\.\d+", pod["address"]), pod
    assert pod["appPort"] == pod["inboundPort"] == 8080
    os.kill(pod["pid"], 0)
for key in ("name", "address", "pid"):
    assert len({p[key] for p in told["pods"]}) == 4, key
PY
ok "the ready file names ingress, proxy, admin and four living pods"

browser=(-H 'User-Agent: Mozilla/5.0 (X11; Linux x86_64)' -H 'Accept: text/html,*/*;q=0.8' --compressed)
equal "a browser's GET" 200 "$(status_of "${browser[@]}" "$ingress/api/petstore-domain/pets")"
says "$work/body" '"items"'
ok "the ingress answers a browser"

pod=$(first_pod address):$(first_pod inboundPort)
seen=$(curl -s -m 10 -w '%{http_code}' "http://$pod/health") && fail "plaintext to $pod: curl succeeded: $seen"
equal "the HTTP answer to plaintext at $pod" 000 "$seen"
ok "plaintext to a pod's inbound port gets no HTTP answer"

first=$pid first_proxy=$proxy first_admin=$admin
start second "${up[@]}"
[[ ${proxy%.*.*} != "${first_proxy%.*.*}" ]] || fail "both meshes live in one net: $first_proxy and $proxy"
[[ $admin != "$first_admin" ]] || fail "both meshes have their admin page at $admin"
for proxy in "$first_proxy" "$proxy"; do
  equal "GET through $proxy" 200 "$(get -o /dev/null -w '%{http_code}' "$pets")"
done
ok "two meshes run at once, each in its own net"

stop "$pid" INT
equal "exit code after SIGINT" 130 "$code"
equal "the first mesh, after the second ended" 200 "$(proxy=$first_proxy; get -o /dev/null -w '%{http_code}' "$pets")"
stop "$first" TERM
equal "exit code after SIGTERM" 130 "$code"
nothing_left
ok "SIGINT and SIGTERM leave no process and no state"

start busy "${up[@]}"
kill -KILL "$pid"
within 10 ended "$pid" || fail "kill -9 did not end marty"
within 10 no_pods || fail "pods outlive marty's kill -9: $(pods_running | tr '\n' ' ')"
rm -rf "${TMPDIR:?}"/*
ok "pods do not outlive marty's kill -9"

out=$work/out err=$work/err
set -m
"${up[@]}" -- sh -c 'echo $$ >"$0"; exec sleep 300' "$work/command" >"$out" 2>"$err" </dev/null &
pid=$!
set +m
started+=("$pid")
within 40 test -s "$work/command" || fail "CMD does not run after 40 s"
stop "$pid" TERM
equal "exit code after SIGTERM with a CMD" 130 "$code"
within 5 ended "$(cat "$work/command")" || fail "CMD outlives marty"
nothing_left
ok "SIGTERM ends a running CMD too"
