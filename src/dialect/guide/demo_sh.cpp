#include "dialect/guide/guide.hpp"

/// demo.sh: the story, on this machine or on a cluster.
namespace marty::dialect::guide {

const std::string_view kDemoScript = R"sh(#!/usr/bin/env bash
@HEADING@# The story of @SERVICE@'s mesh: what each policy does to real requests, and the line that makes it do so.
#   ./demo.sh istio                         step by step, on this machine: no cluster, no root, no network
#   ./demo.sh istio automated               all at once; exit code 0 when every check holds
#   ./demo.sh linkerd                       the same service under Linkerd's rules
#   ./demo.sh istio --cluster               on the cluster that kubectl points at
set -euo pipefail
service=@SERVICE@ host=@HOST@.@NAMESPACE@:@PORT@ namespace=@NAMESPACE@
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)

usage() { # usage EXIT-CODE: the lines above are the help
  sed -n '2,/^set /{s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
  exit "$1"
}

find_marty() { # MARTY says which; else the one on the PATH; else the one this checkout builds
  local directory=$here
  if [[ -n ${MARTY:-} ]]; then echo "$MARTY"; return; fi
  if command -v marty; then return; fi
  while [[ -n $directory ]]; do
    if [[ -x $directory/build/marty ]]; then echo "$directory/build/marty"; return; fi
    directory=${directory%/*}
  done
  echo "demo.sh: there is no marty; build it with ./dev build, or say MARTY=/path/to/marty" >&2
  exit 4
}

# ---- on a cluster --------------------------------------------------------------------------------------------------
checks=0 failed=0
check() { # check 'what holds' COMMAND…
  local claim=$1; shift
  checks=$((checks + 1))
  if "$@"; then echo "  ok: $claim"; else echo "  FAILED: $claim"; failed=$((failed + 1)); fi
}
pause() { if [[ $pace == interactive ]]; then read -rp "  Enter for the next step " _ || pace=automated; fi; }
step() { echo; echo "$1"; }

# Requests from inside of the mesh: one client pod for all of them, of the account that the policies let in.
client() { kubectl exec --namespace "$namespace" demo-client --container curl -- "$@"; }
answers() { # answers COUNT CURL-WORDS…: "STATUS VERSION" of each, one a line
  local count=$1; shift
  client sh -c 'n=$1; shift; while [ $n -gt 0 ]; do n=$((n - 1))
    curl -s -o /dev/null -m 20 -w "%{http_code} %header{x-petstore-version}\n" "$@" || true; done' - "$count" "$@"
}
only() { [[ -n $2 && -z $(grep -v "$1" <<<"$2" || true) ]]; } # only PATTERN LINES: every line has it
some() { grep -q "$1" <<<"$2"; }

start_client() {
  kubectl apply --namespace "$namespace" -f - >/dev/null <<END
apiVersion: v1
kind: Pod
metadata:
  name: demo-client
  labels: {app: demo-client}
spec:
  serviceAccountName: @CALLER@
  containers:
  - {name: curl, image: curlimages/curl, command: [sleep, "86400"]}
END
  trap 'kubectl delete pod --namespace "$namespace" demo-client --wait=false >/dev/null' EXIT
  kubectl wait --namespace "$namespace" --for condition=Ready pod/demo-client --timeout 120s >/dev/null || {
    echo "demo.sh: the client's pod does not start: kubectl describe pod -n $namespace demo-client says why" >&2
    exit 4
  }
}

on_cluster() {
  local url=http://$host@PATH@ lines
  "$marty" service-mesh apply-policies --service "$service" --mesh "$mesh" --yes
  start_client
  step "1/4  The mesh answers, over mutual TLS"
  lines=$(answers 20 "$url")
  check "20 of 20 requests get 200" only '^200' "$lines"
  pause
  step "2/4  The canary's header chooses the new version"
  lines=$(answers 20 -H '@CANARY_HEADER@' "$url")
  check "20 of 20 come from @CANARY_VERSION@" only '^200 @CANARY_VERSION@' "$lines"
  pause
  step "3/4  Without it the split decides"
  lines=$(answers 100 "$url")
  check "the old version gets some of 100" some '^200 @STABLE_VERSION@' "$lines"
  pause
  step "4/4  Who is not in the policy is kept out"
  lines=$(client curl -s -o /dev/null -m 20 -w '%{http_code}' "http://$host/internal" || true)
  check "a path nobody allowed gets 403, not $lines" test "$lines" = 403
  "$marty" service-mesh status --service "$service" --mesh "$mesh" || true
  echo; echo "$checks checks, $failed failed"
  [[ $failed == 0 ]]
}

# ---- what was asked ------------------------------------------------------------------------------------------------
mesh='' pace=interactive place=local
for word in "$@"; do
  case $word in
    istio | linkerd) mesh=$word ;;
    interactive | automated) pace=$word ;;
    --cluster) place=cluster ;;
    -h | --help) usage 0 ;;
    *) echo "demo.sh: '$word'?" >&2; usage 2 ;;
  esac
done
[[ -n $mesh ]] || usage 2
marty=$(find_marty)
cd "$here"
if [[ $place == cluster ]]; then on_cluster; exit; fi
words=(service-mesh demo --service "$service" --mesh "$mesh")
if [[ $pace == automated ]]; then words+=(--auto); fi
exec "$marty" "${words[@]}"
)sh";

}  // namespace marty::dialect::guide
