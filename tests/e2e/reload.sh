#!/usr/bin/env bash
# Editing manifests under load: new rules are in force at once and no request is lost; wrong ones change nothing.
. "$(dirname "$0")/lib/mesh.sh"

cp -rL plugins/petstore_domain/k8s "$work/k8s"
overlay=$work/k8s/overlays/service-mesh-istio
policies=$overlay/istio-policies.yaml
sed -i 's/max_tokens: 200/max_tokens: 10000000/' "$policies"
cp "$policies" "$work/original.yaml"
start mesh "$marty" mesh up --manifests "$overlay" --local plugins/petstore_domain/local.yaml

weights() { # weights V1 V2: of every split in the VirtualService
  sed -e "s/weight: 90/weight: $1/" -e "s/weight: 10\$/weight: $2/" "$work/original.yaml" >"$policies.new"
  mv "$policies.new" "$policies"
}
in_force() { grep -qF "generation $1 is in force" "$err"; }
versions() {
  get -o /dev/null -D - "$pets?limit=[1-40]" | grep -i '^x-petstore-version' | tr -d '\r' | sort | uniq -c | xargs
}

# GETs are retried by the mesh, DELETEs are not: those would show every lost request.
python3 "$lib/load.py" "$proxy" "$work/enough" 3 GET "$pets?limit=1" >"$work/reads.json" &
reads=$!
python3 "$lib/load.py" "$proxy" "$work/enough" 3 DELETE "$pets/999999" >"$work/writes.json" &
writes=$!
weights 0 100
within 10 in_force 2 || fail "the edited weights are not in force after 10 s"
equal "40 answers with all weight on v2" "40 x-petstore-version: v2" "$(versions)"
for generation in 3 4 5 6; do
  if ((generation % 2)); then weights 50 50; else weights 0 100; fi
  within 10 in_force $generation || fail "edit $((generation - 1)) is not in force after 10 s"
done
equal "40 answers with all weight on v2 again" "40 x-petstore-version: v2" "$(versions)"
ok "edited weights are in force at once"

sed 's/^  http:$/  http: [/' "$work/original.yaml" >"$policies.new"
mv "$policies.new" "$policies"
within 10 grep -qF "the last good ones stay in force" "$err" || fail "the broken file is not reported within 10 s"
grep -qE 'istio-policies\.yaml:[0-9]+:[0-9]+' "$err" || fail "the report names no place"
equal "40 answers while the file is broken" "40 x-petstore-version: v2" "$(versions)"
ok "a broken manifest is reported with its place, and the mesh goes on as it was"

weights 100 0
within 10 in_force 7 || fail "the mended file is not in force after 10 s"
equal "40 answers after mending" "40 x-petstore-version: v1" "$(versions)"
ok "mending takes effect"

touch "$work/enough"
wait $reads && wait $writes || fail "the load failed"
python3 - "$work/reads.json" "$work/writes.json" <<'PY' || fail "requests were lost during reloads"
import collections, json, sys
for path, good in zip(sys.argv[1:], ((200,), (204, 404))):
    answers = json.load(open(path))
    print(len(answers), "requests:", dict(collections.Counter((a[2], a[3]) for a in answers)))
    assert len(answers) > 100 and all(a[2] in good for a in answers)
PY
ok "six reloads and a refused one under load: no request lost, retried methods or not"

# What a pod was planned from is gone with the first manifests; it must start again all the same.
kill -KILL "$(first_pod pid)"
within 20 grep -qF "$(first_pod name) is ready again" "$err" || fail "a pod killed after a reload does not come back"
ok "a pod killed after a reload comes back"

stop "$pid" TERM
nothing_left
