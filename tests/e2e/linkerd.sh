#!/usr/bin/env bash
# The service under Linkerd's rules: what its proxies answer, add, strip and count, for manifests of Linkerd's.
. "$(dirname "$0")/lib/mesh.sh"
[[ -d $root/plugins/petstore_domain/k8s/overlays/service-mesh-linkerd ]] ||
  skip "the service has no overlay for Linkerd; generate-overlay --mesh linkerd writes it"

up=("$marty" service-mesh up --mesh linkerd --service petstore-domain)

run 0 "${up[@]}" -- curl -s -D - -o /dev/null "$pets"
grep -q '^HTTP/1.1 200' "$out" || fail "no 200: $(cat "$out")"
if grep -iE '^(server|x-envoy|x-request-id|x-forwarded|l5d-)' "$out"; then fail "headers that Linkerd does not send"; fi
nothing_left
ok "up -- curl is answered, without a header of Envoy's"

run 0 "${up[@]}" -- curl -s -o /dev/null -D - -H 'canary: true' "$pets?limit=[1-20]"
equal "answers by v2" 20 "$(grep -ci '^x-petstore-version: v2' "$out")"
ok "the canary header leads to v2, 20 times of 20"

run 0 "${up[@]}" --as petstore-domain/stranger -- curl -s -D - "$pets"
grep -q '^HTTP/1.1 403' "$out" || fail "a stranger is not refused: $(cat "$out")"
grep -qi '^content-length: 0' "$out" || fail "Linkerd's refusals are empty: $(cat "$out")"
ok "a stranger gets an empty 403"

run 0 "${up[@]}" -- curl -s -o /dev/null -w '%{http_code}' http://nowhere.example:8080/
equal "what an unknown host gets" 502 "$(cat "$out")"

start mesh "${up[@]}" -v
pod=$(first_pod address):$(first_pod inboundPort)
equal "plaintext to $pod" 403 "$(status_of -H 'l5d-client-id: petstore-client' "http://$pod/api/petstore-domain/pets")"
equal "the body of the refusal" "" "$(cat "$work/body")"
ok "plaintext is read and refused"

# The v1 pod fails that the balancer prefers: retries mask most of it until its breaker opens; from then on nobody
# meets it.
get -o /dev/null "$pets?limit=1&offset=[1-10]"
curl -sf "$admin/endpoints" >"$work/endpoints" || fail "no endpoints at $admin"
app=$(python3 - "$work/endpoints" "$ready" <<'PY'
import json, sys
endpoints, ready = (json.load(open(path)) for path in sys.argv[1:])
v1 = [e for e in endpoints["endpoints"] if e["proxy"].startswith("petstore-client") and "-v1." in e["cluster"]]
fastest = min((e for e in v1 if " via " in e["cluster"]), key=lambda e: e["responseTimeMs"])
print({pod["name"]: pod["appAddress"] for pod in ready["pods"]}[fastest["pod"]])
PY
) || fail "no v1 pod is known by its response time"
curl -sf -X POST "http://${app%:*}:9000/admin/fail?status=503&count=1000" >/dev/null ||
  fail "the pod does not fail when told to"
codes=""
breaker_opens() { # sends more requests; a pod that was slow for a moment is not asked again for some seconds
  codes+=$(get -o /dev/null -w '%{http_code}\n' "$pets?limit=1&offset=[1-20]")$'\n'
  curl -sf "$admin/stats/prometheus" >"$work/page" || fail "no metrics page at $admin"
  grep -q '^outbound_http_balancer_endpoints{.*endpoint_state="pending".* 1$' "$work/page"
}
within 60 breaker_opens || fail "the breaker of the failing pod does not open"
((failed = $(grep . <<<"$codes" | grep -cvx 200))) || true
((failed <= 2)) || fail "$failed of $(grep -c . <<<"$codes") requests failed"
sent=$((10 + $(grep -c . <<<"$codes") + 40))
codes=$(get -o /dev/null -w '%{http_code}\n' "$pets?limit=1&offset=[1-40]")
equal "answers once the breaker is open" 40 "$(grep -cx 200 <<<"$codes")"
ok "retries and the breaker carry the caller over a failing pod"

curl -sf "$admin/stats/prometheus" >"$work/page" || fail "no metrics page at $admin"
python3 - "$work/page" "$sent" "$failed" <<'PY' || fail "the metrics are not as expected"
import re, sys
page = open(sys.argv[1]).read()
sent, failed = map(int, sys.argv[2:])
def total(name, *labels):
    lines = [l for l in page.splitlines() if l.startswith(name + "{") and all(x in l for x in labels)]
    return sum(float(l.rsplit(" ", 1)[1]) for l in lines)
assert "istio_" not in page and "envoy_" not in page, "metrics of Istio's"
assert total("request_total", 'direction="inbound"', 'tls="true"') >= sent
assert total("response_total", 'direction="outbound"', 'classification="failure"', 'status_code="503"') >= 5
assert total("outbound_http_route_request_statuses_total", 'http_status="200"') >= sent - failed
assert total("outbound_http_route_retry_requests_total") >= 1
assert total("outbound_http_balancer_endpoints", 'endpoint_state="pending"') == 1
assert total("inbound_http_authz_deny_total", 'tls="no_identity"') == 1
assert total("response_latency_ms_count", 'direction="outbound"') >= sent
PY
ok "the metrics have Linkerd's names"
grep -qE '^127[^ ]+ petstore-client\.petstore-domain\.serviceaccount\.identity\.linkerd\.cluster\.local - \[' "$err" ||
  fail "-v prints no access log of Linkerd's"
stop "$pid" TERM
nothing_left
ok "the access log names the caller, and nothing stays"

run 0 "$marty" service-mesh why GET /api/petstore-domain/pets --mesh linkerd --service petstore-domain
grep -q 'breaker\|failures in a row' "$out" && grep -q 'let in by AuthorizationPolicy' "$out" ||
  fail "why does not tell Linkerd's decisions: $(cat "$out")"
run 1 "$marty" service-mesh why GET /api/petstore-domain/pets --mesh linkerd --service petstore-domain \
  --from petstore-domain/stranger
ok "why tells Linkerd's decisions"
