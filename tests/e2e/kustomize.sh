#!/usr/bin/env bash
# What `marty service-mesh render` makes of every tree under src/kustomize/testdata and of the petstore's, against
# kustomize $version itself, from the PATH or its Go module (built once, kept in the user's cache); the petstore's also
# against kubectl, whose kustomize is older. Both outputs go through our writer, then they must be the same byte for
# byte. Where the real one refuses a tree, so must we. `--update` writes the unit test's expected files anew.
. "$(dirname "$0")/../lib/check.sh"
version=v5.7.1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/marty

build_kustomize() { # into the cache; quietly not, when there is no way
  command -v go >/dev/null || return 1
  mkdir -p "$cache"
  GOBIN=$cache timeout 250 go install "sigs.k8s.io/kustomize/kustomize/v5@$version" >"$out" 2>"$err"
}

kustomize= # the command, when there is one
if [[ $(kustomize version 2>/dev/null) == "$version" ]]; then kustomize="kustomize build"
elif [[ -x $cache/kustomize ]] || build_kustomize; then kustomize="$cache/kustomize build"
fi
kubectl=
if kubectl kustomize --help >/dev/null 2>&1; then kubectl="kubectl kustomize"; fi
[[ -n $kustomize$kubectl ]] || skip "no kustomize $version, no kubectl, and Go cannot build kustomize here"

top_of() { if [[ -d $1/overlay ]]; then echo "$1/overlay"; else echo "$1"; fi; }

update() {
  local folder
  for folder in src/kustomize/testdata/*/; do
    [[ -f $folder/expected.yaml ]] || continue
    $kustomize "$(top_of "${folder%/}")" >"$folder/expected.yaml" || fail "kustomize refuses $folder"
  done
  ok "the expected files are what kustomize $version makes"
}

# A finding of severity error is exit 3; kustomize has only 1 for all it refuses.
compare() { # compare DIRECTORY COMMAND
  local theirs=0 ours=0
  $2 "$1" >"$work/theirs.yaml" 2>"$work/theirs.err" </dev/null || theirs=$?
  "$marty" service-mesh render "$1" >"$out" 2>"$err" </dev/null || ours=$?
  if ((theirs)); then
    ((ours == 3)) || fail "$2 refuses $1 ($(head -n 1 "$work/theirs.err")), we end with $ours"
    return
  fi
  ((ours == 0)) || fail "$2 builds $1, we end with $ours"
  if [[ ! -s $work/theirs.yaml ]]; then
    [[ ! -s $out ]] || fail "$2 makes nothing of $1"
    return
  fi
  "$marty" service-mesh render "$work/theirs.yaml" >"$work/theirs-written.yaml" || fail "cannot read what $2 wrote"
  cmp -s "$work/theirs-written.yaml" "$out" ||
    { diff "$work/theirs-written.yaml" "$out" | head -n 40; fail "$1 is not what $2 makes of it"; }
}

if [[ ${1:-} == --update ]]; then
  [[ -n $kustomize ]] || skip "no kustomize $version"
  update
  exit
fi
petstore=plugins/petstore_domain/k8s
for command in "$kustomize" "$kubectl"; do
  [[ -n $command ]] || continue
  trees=("$petstore" "$petstore"/base "$petstore"/overlays/*/)
  [[ $command == "$kubectl" ]] || trees+=(src/kustomize/testdata/*/)
  for tree in "${trees[@]}"; do compare "$(top_of "${tree%/}")" "$command"; done
  ok "${#trees[@]} trees are built as '${command/#$cache\//}' builds them"
done
