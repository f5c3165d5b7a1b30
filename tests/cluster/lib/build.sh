#!/usr/bin/env bash
# Builds a Kubernetes control plane from Go modules and fetches the meshes' resource definitions, once per version: some
# minutes on two cores, kept in ~/.cache/marty. Prints the folder of bin/ and crds/. Exit 77: it cannot be had here.
set -euo pipefail

# Istio 1.30 and Linkerd 2.19 run on this Kubernetes; its minor version is kwok's too, so they share what is compiled.
kubernetes=1.33.13 kwok=0.7.0
programs=(k8s.io/kubernetes/cmd/kube-{apiserver,controller-manager,scheduler} k8s.io/kubernetes/cmd/kubectl
  sigs.k8s.io/kwok/cmd/kwok)
# module, version, what of it: the oldest Gateway API that both meshes accept.
definitions="istio.io/api v1.30.8 kubernetes/customresourcedefinitions.gen.yaml
sigs.k8s.io/gateway-api v1.2.1 config/crd/standard/gateway.networking.k8s.io_*.yaml
github.com/prometheus-operator/prometheus-operator v0.85.0 example/prometheus-operator-crd/*.yaml"

say() { printf '%s\n' "$*" >&2; }
skip() { say "skipped: $*"; exit 77; }
told() { python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1], ""))' "$1"; }
module() { # module PATH VERSION KEY: downloads it; KEY is Dir or GoMod
  go mod download -json "$1@$2" 2>/dev/null | told "$3" || true
}

cache=${XDG_CACHE_HOME:-$HOME/.cache}/marty/cluster
made_of=$(sha256sum <<<"$kwok ${programs[*]} $definitions")
kept=$cache/v$kubernetes-${made_of::8} # another set of versions or programs is another folder
if [[ -f $kept/complete ]]; then echo "$kept"; exit; fi

command -v go >/dev/null || skip "no Go tool chain here; Kubernetes is built with it (https://go.dev/dl, 1.24 or newer)"
mkdir -p "$cache"
exec 9>"$cache/lock"
flock -n 9 || { say "cluster: another build is under way; waiting for it"; flock 9; }
if [[ -f $kept/complete ]]; then echo "$kept"; exit; fi
making=$cache/making
rm -rf "$making"
mkdir -p "$making"/{src,bin,crds}
cd "$making/src"

# Kubernetes' own go.mod takes its parts from a folder next to it that a module does not carry; we name their versions.
export GOFLAGS=-mod=mod GOWORK=off
its_mod=$(module k8s.io/kubernetes "v$kubernetes" GoMod)
[[ -f $its_mod ]] || skip "the Go module k8s.io/kubernetes v$kubernetes cannot be had; is the network up?"
{
  printf '%s\n' 'module cluster' 'go 1.24.0' "require k8s.io/kubernetes v$kubernetes" "require sigs.k8s.io/kwok v$kwok"
  sed -n "s|^\t\(k8s.io/[^ ]*\) => ./staging/.*|replace \1 => \1 v0${kubernetes#1}|p" "$its_mod"
} >go.mod

say "cluster: fetching the modules of Kubernetes $kubernetes"
go list -deps "${programs[@]}" >packages 2>fetch.log ||
  skip "modules of Kubernetes $kubernetes cannot be had: $(tail -n 1 fetch.log)"
while read -r path version files; do
  folder=$(module "$path" "$version" Dir)
  [[ -d $folder ]] || skip "the Go module $path $version, which holds its definitions, cannot be had"
  for file in "$folder"/$files; do cp "$file" "$making/crds/${path//\//_}_${file##*/}"; done
done <<<"$definitions"
chmod -R u+w "$making/crds"

say "cluster: building $(wc -l <packages) packages; the first time takes some minutes"
stamp=k8s.io/component-base/version
minor=${kubernetes#1.}
nice go build -trimpath -o "$making/bin/" -ldflags "-s -w -X $stamp.gitVersion=v$kubernetes -X $stamp.gitMajor=1 \
-X $stamp.gitMinor=${minor%.*} -X sigs.k8s.io/kwok/pkg/consts.Version=$kwok" "${programs[@]}" >&2
rm -rf "$making/src" "$cache"/v*
touch "$making/complete"
mv "$making" "$kept"
echo "$kept"
