#!/usr/bin/env bash
# The real binary as a user types it: exit codes, what goes to which stream, and that nothing is half-written.
# MARTY names another binary than build/marty.
set -uo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
marty=$(readlink -f "${MARTY:-build/marty}")
work=$(mktemp -d)
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"' EXIT
out=$work/out err=$work/err

fail() {
  echo "FAILED: $*"
  sed 's/^/  out | /' "$out"
  sed 's/^/  err | /' "$err"
  exit 1
}

run() { # run CODE WORDS…: runs marty, expects the exit code
  local expected=$1 code=0
  shift
  "$marty" "$@" >"$out" 2>"$err" </dev/null || code=$?
  [[ $code == "$expected" ]] || fail "marty $*: exit $code, not $expected"
}
says() { grep -qF -- "$2" "$1" || fail "'$2' is not in $(basename "$1")"; }
silent() { [[ ! -s $1 ]] || fail "something on $(basename "$1")"; }
ok() { echo "ok: $*"; }

[[ -x $marty ]] || { echo "FAILED: $marty is not there; ./dev build makes it"; exit 1; }

run 0; says "$out" "marty mesh demo"; silent "$err"
run 0 --version; says "$out" "marty "; silent "$err"
ok "bare marty shows examples, --version the version"

for command in generate-overlay generate-multicluster validate explain why apply-policies status up demo; do
  run 0 service-mesh $command --help
  says "$out" "marty "
  silent "$err"
done
ok "every command teaches by example"

run 2 service-mesh valdiate; says "$err" "marty service-mesh validate"; silent "$out"
run 2 mesh validate --servce x; says "$err" "did you mean --service?"
run 2 mesh validate . -o yaml; says "$err" "table, json, sarif, junit, github"
ok "mistyped words are usage errors with a suggestion"

# A project of our own, so that the checkout stays as it is.
mkdir -p "$work/shop/plugins/petstore_domain"
cp plugins/petstore_domain/mesh.yaml plugins/petstore_domain/local.yaml "$work/shop/plugins/petstore_domain/"
cd "$work/shop"
run 3 mesh validate --service petstor-domain; says "$err" "did you mean petstore-domain?"
run 0 service-mesh generate-overlay --service petstore-domain --mesh istio
says "$out" "k8s/overlays/service-mesh-istio/kustomization.yaml"
says "$err" "kubectl apply -k"
run 0 service-mesh generate-overlay --service petstore-domain --mesh istio --check; silent "$out"
run 0 service-mesh validate --service petstore-domain; says "$err" "0 errors"
ok "generated manifests are stable and valid"

overlay=plugins/petstore_domain/k8s/overlays/service-mesh-istio
if command -v kubectl >/dev/null; then
  kubectl kustomize "$overlay" >"$out" 2>"$err" || fail "kubectl kustomize $overlay"
  says "$out" "kind: VirtualService"
  run 0 service-mesh generate-overlay --service petstore-domain --mesh istio --output "$work/elsewhere"
  kubectl kustomize "$work/elsewhere" >"$out" 2>"$err" || fail "kubectl kustomize of --output"
  says "$out" "kind: VirtualService"
  ok "kubectl renders both forms of the overlay"
else
  echo "skipped: kubectl is not here, so no overlay was rendered by it"
fi

echo "# edited by hand" >>$overlay/istio-policies.yaml
run 1 mesh generate-overlay --service petstore-domain --check; says "$out" "istio-policies.yaml"
run 0 mesh generate-overlay --service petstore-domain --diff; says "$out" "-# edited by hand"
run 0 mesh generate-overlay --service petstore-domain
run 0 mesh generate-overlay --service petstore-domain --check
ok "drift is found, shown and mended"

sed -i 's/attempts: 3/atempts: 3/' plugins/petstore_domain/mesh.yaml
before=$(find . -type f -exec md5sum {} + | sort)
run 3 mesh generate-overlay --service petstore-domain; says "$err" "mesh.yaml:"; says "$err" "attempts"; silent "$out"
[[ $before == "$(find . -type f -exec md5sum {} + | sort)" ]] || fail "a refused policy file changed something"
run 1 mesh validate --service petstore-domain -o json; says "$out" '"schema": "marty/v1"'
python3 -m json.tool <"$out" >/dev/null || fail "not JSON"
run 1 mesh validate --service petstore-domain -o github; says "$out" "::error file=plugins/petstore_domain/mesh.yaml,"
sed -i 's/atempts: 3/attempts: 3/' plugins/petstore_domain/mesh.yaml
ok "a wrong policy file is placed, and nothing is written"

# Files of at most 1 KiB stand in for a full disk: the whole tree or nothing.
before=$(find . | sort)
(ulimit -f 1; trap '' XFSZ; "$marty" mesh generate-overlay --service petstore-domain --output full >"$out" 2>"$err")
code=$?
[[ $code == 4 ]] || fail "a full disk: exit $code, not 4"
[[ -z $(find full -type f -o -type l 2>/dev/null) ]] || fail "a full disk left $(find full -type f -o -type l)"
ok "a full disk leaves nothing half-written"

printf 'kind: Service\n  bad: [\n' >broken.yaml
for format in table json github; do run 3 mesh validate broken.yaml -o $format; says "$out" broken.yaml; done
mkdir -p empty; run 3 mesh validate empty; says "$err" "nothing was checked"
code=0
sed 's/subset: v1/subset: v9/' $overlay/istio-policies.yaml | "$marty" mesh validate - >"$out" 2>"$err" || code=$?
[[ $code == 1 ]] || fail "a subset nobody defines: exit $code, not 1"
says "$out" "<stdin>:"; says "$out" "'v9'"
"$marty" mesh validate - <"$root/src/CMakeLists.txt" >"$out" 2>"$err" && fail "a file that is no manifest is not clean"
ok "what cannot be read is never clean"

run 0 mesh why GET /api/petstore-domain/pets --service petstore-domain; says "$out" "  istio-policies.yaml:"
run 1 mesh why DELETE /api/petstore-domain/pets/1 --service petstore-domain --from elsewhere/stranger
says "$out" "refused with 403"
run 0 mesh why GET /api/petstore-domain/pets --service petstore-domain -H 'canary: true' -o json
python3 - "$out" <<'END' || fail "the canary is one branch to v2"
import json, sys
told = json.load(open(sys.argv[1]))
assert told["schema"] == "marty/v1" and [b["percent"] for b in told["branches"]] == [100]
assert "|v2|" in told["branches"][0]["destination"]
END
ok "why names the lines behind a request"

run 0 service-mesh generate-overlay --service petstore-domain --mesh linkerd; says "$err" "chaos: delay: left out"
run 0 service-mesh generate-overlay --service petstore-domain --mesh linkerd --check
run 0 service-mesh generate-overlay --service petstore-domain --mesh istio --check
run 0 service-mesh validate ${overlay/istio/linkerd}
ok "both meshes' trees stand side by side, and what one of them cannot do is said"

before=$PATH
PATH=/nonexistent
export KUBECONFIG=/nonexistent
run 4 service-mesh apply-policies --service petstore-domain --mesh istio
run 4 service-mesh status --service petstore-domain --admin 127.0.0.1:1
PATH=$before
says "$err" "kubectl: install it"; says "$err" "marty service-mesh up"
if command -v kubectl >/dev/null; then
  run 4 service-mesh apply-policies --service petstore-domain --yes; says "$err" "--kubeconfig FILE"
else
  echo "skipped: kubectl is not here, so it was not asked for a cluster"
fi
run 0 service-mesh apply-policies --service petstore-domain --dry-run=client
says "$out" "VirtualService"; says "$err" "no cluster was asked"
ok "without kubectl or a cluster it says what to type"

if [[ -w /dev/full ]]; then
  code=0; "$marty" --help >/dev/full 2>"$err" || code=$?
  [[ $code == 4 ]] || fail "output to a full disk: exit $code, not 4"
  ok "an answer that cannot be written is no success"
fi
