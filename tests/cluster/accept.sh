#!/usr/bin/env bash
# Every object of every overlay there is: a real API server takes it strictly and keeps each field as it was written,
# applying it again changes nothing, and the Deployments become ready. The meshes' own webhooks are not here: what only
# they would refuse is the business of `marty service-mesh validate`.
. "$(dirname "$0")/lib/cluster.sh"
namespace=petstore-domain
policy=plugins/petstore_domain/mesh.yaml

with_family() { # mesh.yaml, asking Linkerd for another family of kinds
  sed "s/^    linkerd: .*/&\n    linkerdApi: $1/" "$policy" >"$work/$1.yaml"
  grep -q "linkerdApi: $1" "$work/$1.yaml" || fail "$policy has no line for Linkerd's version"
  echo "$work/$1.yaml"
}

accept() { # accept NAME WORDS…: what generate-overlay makes of these words
  local name=$1 tree=$work/$1
  shift
  run 0 "$marty" service-mesh generate-overlay "$@" --output "$tree"
  accept_tree "$name" "$tree" $namespace
}

accept_tree() { # accept_tree NAME TREE NAMESPACE: what a kustomization makes
  local rendered=$work/$1.yaml
  run 0 kubectl kustomize "$2"
  cp "$out" "$rendered"
  fresh "$3"
  # A trial run creates nothing, so that the namespace has to be there for the rest to be tried in.
  run 0 kubectl create namespace "$3"
  run 0 kubectl apply --server-side --validate=strict --warnings-as-errors --dry-run=server -f "$rendered"
  run 0 kubectl apply --server-side --validate=strict --warnings-as-errors -f "$rendered"
  run 0 kubectl create --dry-run=client -o json -f "$rendered"
  cp "$out" "$work/written.json"
  run 0 kubectl get -o json -f "$rendered"
  cp "$out" "$work/kept.json"
  run 0 python3 "$root/tests/cluster/lib/round_trip.py" "$work/written.json" "$work/kept.json"
  ok "$1: $(<"$out")"
  run 0 kubectl diff --server-side -f "$rendered"
}

ready() {
  run 0 kubectl rollout status deployment --namespace $namespace --timeout 60s
  ok "$1: its Deployments become ready"
}

for environment in production test; do
  for mtls in permissive strict; do
    words=(--environment $environment --mtls $mtls)
    accept istio-$environment-$mtls --file $policy --mesh istio "${words[@]}"
    for family in httproute serviceprofile; do
      accept linkerd-$family-$environment-$mtls --file "$(with_family $family)" --mesh linkerd "${words[@]}"
    done
  done
done
ready linkerd-serviceprofile-test-strict
accept istio --file $policy --mesh istio
ready istio
accept linkerd --file $policy --mesh linkerd
ready linkerd
for cluster in west east; do
  accept_tree istio-$cluster ops/service-mesh/istio/$cluster istio-system
  accept_tree istio-$cluster-petstore-domain ops/service-mesh/istio/$cluster/petstore-domain $namespace
  accept_tree linkerd-$cluster ops/service-mesh/linkerd/$cluster linkerd-multicluster
  accept_tree linkerd-$cluster-petstore-domain ops/service-mesh/linkerd/$cluster/petstore-domain $namespace
done
fresh $namespace istio-system linkerd-multicluster
