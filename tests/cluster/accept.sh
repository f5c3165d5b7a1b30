#!/usr/bin/env bash
# Every object of every overlay there is: a real API server takes it strictly and keeps each field as it was written,
# applying it again changes nothing, and the Deployments become ready. The meshes' own webhooks are not here: what only
# they would refuse is the business of `marty service-mesh validate`.
. "$(dirname "$0")/lib/cluster.sh"
namespace=petstore-domain
policy=plugins/petstore_domain/mesh.yaml

with_family() { # mesh.yaml, asking Linkerd for that family of kinds
  sed "s/^    linkerd: .*/&\n    linkerdApi: $1/" "$policy" >"$work/$1.yaml"
  grep -q "linkerdApi: $1" "$work/$1.yaml" || fail "$policy has no line for Linkerd's version"
  echo "$work/$1.yaml"
}

accept() { # accept NAME WORDS…: what generate-overlay makes of these words
  local name=$1 tree=$work/$1 rendered=$work/$1.yaml
  shift
  run 0 "$marty" service-mesh generate-overlay "$@" --output "$tree"
  run 0 kubectl kustomize "$tree"
  cp "$out" "$rendered"
  run 0 kubectl apply --server-side --validate=strict --warnings-as-errors --dry-run=server -f "$rendered"
  run 0 kubectl apply --server-side --validate=strict --warnings-as-errors -f "$rendered"
  run 0 kubectl create --dry-run=client -o json -f "$rendered"
  cp "$out" "$work/written.json"
  run 0 kubectl get -o json -f "$rendered"
  cp "$out" "$work/kept.json"
  run 0 python3 "$root/tests/cluster/lib/round_trip.py" "$work/written.json" "$work/kept.json"
  ok "$name: $(<"$out")"
  run 0 kubectl diff --server-side -f "$rendered"
}

# One stage after the other on the same objects, as a service owner goes through them.
stages() { # stages NAME WORDS…
  local name=$1 environment mtls
  shift
  fresh $namespace
  # A trial run creates nothing, so that the namespace has to be there for the rest to be tried in.
  run 0 kubectl create namespace $namespace
  for environment in test production; do
    for mtls in permissive strict; do
      accept "$name-$environment-$mtls" "$@" --environment $environment --mtls $mtls
    done
  done
  run 0 kubectl rollout status deployment --namespace $namespace --timeout 60s
  ok "$name: its Deployments become ready"
}

stages istio --mesh istio --file $policy
accept istio --mesh istio --file $policy
for family in httproute serviceprofile; do
  stages linkerd-$family --mesh linkerd --file "$(with_family $family)"
done
accept linkerd --mesh linkerd --file $policy
fresh $namespace
