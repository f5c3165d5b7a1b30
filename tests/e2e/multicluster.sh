#!/usr/bin/env bash
# The certificates that the generated scripts make: who signs whom, who may read the keys, and that a second run keeps
# them. And that clusters.yaml, as a user changes it, leads to a tree or to an error with its place.
. "$(dirname "$0")/../lib/check.sh"
command -v openssl >/dev/null || skip "no openssl on this machine"

leaf() { # leaf CA KEY NAME: a pod's certificate, signed by a cluster's authority
  openssl req -new -newkey rsa:2048 -nodes -subj "/CN=$3" -keyout "$work/$3.key" -out "$work/$3.csr" 2>/dev/null &&
    openssl x509 -req -days 1 -in "$work/$3.csr" -CA "$1" -CAkey "$2" -set_serial 1 -out "$work/$3.crt" 2>/dev/null
}

trust() { # trust MESH ROOT AUTHORITY KEY: its script, and what follows from its files
  local mesh=$1 root_file=$2 authority=$3 key=$4 made=$work/$1
  bash "$root/ops/service-mesh/$mesh/trust.sh" "$made" >"$out" 2>"$err" || fail "$mesh/trust.sh"
  [[ -z $(find "$made" -type f ! -perm 600) && -z $(find "$made" -type d ! -perm 700) ]] ||
    fail "$mesh: others may read $(find "$made" -type f ! -perm 600)"
  for cluster in west east; do
    leaf "$made/$cluster/$authority" "$made/$cluster/$key" $cluster || fail "$mesh: $cluster cannot sign"
    openssl verify -CAfile "$made/$root_file" -untrusted "$made/$cluster/$authority" "$work/$cluster.crt" \
      >"$out" 2>"$err" ||
      fail "$mesh: a pod of $cluster is not believed"
  done
  openssl verify -CAfile "$made/$root_file" "$work/west.crt" >"$out" 2>&1 &&
    fail "$mesh: believed without its authority"
  local before
  before=$(cat "$made"/*/"$key" | cksum)
  bash "$root/ops/service-mesh/$mesh/trust.sh" "$made" >"$out" 2>"$err" || fail "$mesh/trust.sh, again"
  says "$out" "west: kept"
  [[ $(cat "$made"/*/"$key" | cksum) == "$before" ]] || fail "$mesh: a second run made other keys"
  [[ -z $(find "$made" -name 'making.*') ]] || fail "$mesh: something is left over"
  ok "$mesh: each cluster's pods are believed through one root, and only their owner reads the keys"
}

trust istio root-cert.pem ca-cert.pem ca-key.pem
openssl x509 -in "$work/istio/west/ca-cert.pem" -noout -ext subjectAltName >"$out"
says "$out" "istiod.istio-system.svc"
cat "$work/istio/west/ca-cert.pem" "$work/istio/root-cert.pem" | cmp -s - "$work/istio/west/cert-chain.pem" ||
  fail "the chain is not authority, then root"
trust linkerd ca.crt issuer.crt issuer.key
openssl x509 -in "$work/linkerd/east/issuer.crt" -noout -text >"$out"
says "$out" "prime256v1"
ok "the authorities are what istiod and Linkerd's identity service take"

run 0 "$marty" service-mesh generate-multicluster --check
sed 's/region: eu-central-1/region: eu-west-1/' ops/service-mesh/clusters.yaml >"$work/clusters.yaml"
run 3 "$marty" service-mesh generate-multicluster --file "$work/clusters.yaml" --output "$work/tree"
says "$err" "clusters.yaml:"
says "$err" "same region"
[[ ! -e $work/tree ]] || fail "something was written"
run 1 "$marty" service-mesh validate "$work/clusters.yaml"
says "$out" "same region"
ok "clusters.yaml leads to the tree that is checked in, and a wrong one to nothing"
