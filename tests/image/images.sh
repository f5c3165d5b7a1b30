#!/usr/bin/env bash
# The images that `./dev image` wrote: what skopeo says of them, and that what is in them runs, as the user they name,
# with nothing else around. A container engine is not needed: the layer is unpacked, and chroot makes it the root.
. "$(dirname "$0")/../lib/check.sh"
layouts=$root/build-image/oci
base=plugins/petstore_domain/k8s/base/deployments.yaml
command -v skopeo >/dev/null || skip "skopeo is not here"

config() { # config NAME EXPRESSION: of `skopeo inspect --config`, as the dictionary c
  skopeo inspect --config "oci:$layouts/$1" | python3 -c "import json, sys; c = json.load(sys.stdin); print($2)"
}
unpack() { # unpack NAME: its layers, into $work/NAME
  mkdir "$work/$1"
  skopeo inspect --raw "oci:$layouts/$1" |
    python3 -c 'import json, sys; print(*(layer["digest"][7:] for layer in json.load(sys.stdin)["layers"]))' |
    xargs -n 1 | while read -r digest; do tar -C "$work/$1" -xzpf "$layouts/$1/blobs/sha256/$digest"; done
}
inside() { # inside NAME WORDS…: its program, as its user, seeing only its file system
  local name=$1 environment
  shift
  environment=$(config "$name" '*c["config"]["Env"], sep="\n"')
  mapfile -t environment <<<"$environment"
  exec env -i "${environment[@]}" "${extra[@]}" /usr/sbin/chroot --userspec="$(config "$name" 'c["config"]["User"]')" \
    "$work/$name" "$(config "$name" 'c["config"]["Entrypoint"][0]')" "$@"
}
extra=()

python3 tools/oci_image.py --to "$work/again" >"$out" 2>"$err" || fail "the images cannot be written again"
for name in petstore-domain marty; do
  run 0 skopeo inspect "oci:$layouts/$name"
  says "$out" "\"org.opencontainers.image.title\": \"$name\""
  equal "digest of $name, written twice" "$(skopeo inspect --raw "oci:$layouts/$name" | sha256sum)" \
    "$(skopeo inspect --raw "oci:$work/again/$name" | sha256sum)"
  run 0 skopeo copy "oci:$layouts/$name" "docker-archive:$work/$name.tar:$name:test"
  equal "user of $name" 65532:65532 "$(config $name 'c["config"]["User"]')"
done
ok "skopeo reads both images; written twice, they have the same digest"

# The Deployments that are generated name this image, and ask for ports that it has and for a user that is not root.
tag=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["manifests"][0]["annotations"][sys.argv[2]])' \
  "$layouts/petstore-domain/index.json" org.opencontainers.image.ref.name)
says $base "image: petstore-domain:$tag"
says $base "runAsNonRoot: true"
equal "ports of the Deployments" "$(config petstore-domain '*sorted(c["config"]["ExposedPorts"])')" \
  "$(sed -n 's|.*containerPort: \(.*\)|\1/tcp|p' $base | sort -u | xargs)"
ok "the Deployments use the image as it is"

[[ $(id -u) == 0 ]] || skip "only root may chroot: the programs in the images were not run"
unpack petstore-domain
extra=(PETSTORE_PORT=0 PETSTORE_METRICS_PORT=0)
inside petstore-domain --version-label v2 >"$out" 2>"$err" &
pid=$!
trap 'kill -KILL $pid 2>/dev/null; rm -rf "$work"' EXIT
within 20 grep -qs '"listening"' "$out" "$err" || fail "the petstore does not start in its image"
equal "user of the process" 65532 "$(stat -c %u /proc/$pid)"
read -r port metrics < <(grep -h '"listening"' "$out" "$err" |
  sed -n 's/.*"detail":"0\.0\.0\.0:\([0-9]*\), metrics on [^"]*:\([0-9]*\)".*/\1 \2/p')
for probe in health ready; do
  equal "/$probe" 200 "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/$probe")"
done
equal "a new pet" 201 "$(curl -s -o /dev/null -w '%{http_code}' -d '{"name": "Rex"}' \
  -H 'content-type: application/json' "http://127.0.0.1:$port/api/petstore-domain/pets")"
curl -sf "http://127.0.0.1:$metrics/metrics" >"$work/page" || fail "no metrics"
[[ -s $work/petstore-domain/data/petstore.db ]] || fail "no pets in /data"
kill -TERM $pid
code=0
wait $pid || code=$?
equal "exit code after SIGTERM" 0 $code
ok "petstore-domain serves, keeps its pets in /data, and ends in order"

unpack marty
extra=()
cp plugins/petstore_domain/mesh.yaml "$work/marty/data/"
(inside marty --version) >"$out" 2>"$err" || fail "marty does not start in its image"
# chroot leaves the working directory alone, so the paths are whole.
(inside marty service-mesh generate-overlay --file /data/mesh.yaml --mesh istio --output /data/overlay) \
  >"$out" 2>"$err" || fail "marty generates nothing in its image"
(inside marty service-mesh validate /data/overlay) >"$out" 2>"$err" || fail "marty does not validate in its image"
ok "marty generates and validates"
