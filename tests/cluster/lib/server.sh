#!/usr/bin/env bash
# A Kubernetes cluster of our own on loopback: etcd, the API server, controllers, scheduler and one simulated node.
#   eval "$(tests/cluster/lib/server.sh up)"      # starts one and points kubectl at it; seconds, once built
#   tests/cluster/lib/server.sh user $MARTY_CLUSTER viewer      # a kubeconfig of a user without any rights
#   tests/cluster/lib/server.sh kill $MARTY_CLUSTER kube-apiserver; … start $MARTY_CLUSTER kube-apiserver
#   tests/cluster/lib/server.sh down $MARTY_CLUSTER
# All its state is one folder: keys, data, logs. Exit 77: this machine cannot have one.
set -euo pipefail
umask 077
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(readlink -f "$here/../../..")
PATH=$PATH:$root/.cache/bin
. "$root/tests/lib/within.sh"
components=(etcd kube-apiserver kube-controller-manager kube-scheduler kwok) # in the order of starting

say() { printf '%s\n' "$*" >&2; }
skip() { say "skipped: $*"; exit 77; }
fail() { say "server.sh: $*"; exit 1; }

# ---- keys ----------------------------------------------------------------------------------------------------------
new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$dir/pki/$1.key"; }
issue() { # issue FILE SUBJECT [EXTENSION]: a certificate of the cluster's CA, for two days
  new_key "$1"
  openssl req -new -key "$dir/pki/$1.key" -subj "$2" |
    openssl x509 -req -CA "$dir/pki/ca.crt" -CAkey "$dir/pki/ca.key" -CAcreateserial -days 2 -sha256 \
      -extfile <(printf '%s\n' "${3:-extendedKeyUsage=clientAuth}") -out "$dir/pki/$1.crt" 2>/dev/null
}
make_keys() {
  mkdir -p "$dir/pki"
  new_key ca
  openssl req -x509 -new -key "$dir/pki/ca.key" -subj /CN=marty-test-cluster -days 2 -out "$dir/pki/ca.crt"
  issue server /CN=kube-apiserver "$(printf '%s\n' extendedKeyUsage=serverAuth \
    subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc)"
  openssl genrsa -out "$dir/pki/service-accounts.key" 2048 2>/dev/null
}
kubeconfig() { # kubeconfig FILE SUBJECT: signs in as SUBJECT; self-contained
  issue "$1" "$2"
  local config=$dir/$1
  kubectl config --kubeconfig "$config" set-cluster marty-test --server "https://127.0.0.1:$(<"$dir/port")" \
    --certificate-authority "$dir/pki/ca.crt" --embed-certs
  kubectl config --kubeconfig "$config" set-credentials me --embed-certs \
    --client-certificate "$dir/pki/$1.crt" --client-key "$dir/pki/$1.key"
  kubectl config --kubeconfig "$config" set-context marty-test --cluster marty-test --user me
  kubectl config --kubeconfig "$config" use-context marty-test
}

# ---- processes -----------------------------------------------------------------------------------------------------
running() { [[ -f $dir/$1.pid && $(readlink "/proc/$(<"$dir/$1.pid")/exe") == */"$1" ]] 2>/dev/null; }
ended() { # a process without a program may still hold its sockets; they are free when its last thread is a zombie
  local process
  process=/proc/$(<"$dir/$1.pid")
  ! running "$1" && [[ ! -d $process || $(cat "$process"/task/*/stat 2>/dev/null | wc -l) -le 1 ]] &&
    ! grep -q '^State:.[^Z]' "$process/status" 2>/dev/null
}
launch() { # launch COMPONENT FLAGS…: in the background, in the state folder, where etcd's sockets are
  local name=$1
  running "$name" && return
  (cd "$dir"; setsid "$@" </dev/null >>"$name.log" 2>&1 & echo $! >"$dir/$name.pid")
}
end() { # end COMPONENT SIGNAL
  if running "$1"; then kill "-$2" "$(<"$dir/$1.pid")"; within 10 ended "$1" || fail "$1 does not end"; fi
}

start() {
  local admin=$dir/kubeconfig
  case $1 in
    etcd) # a store for an hour on sockets that only this user can open
      launch etcd --data-dir data --listen-client-urls unix://client:1 --advertise-client-urls unix://client:1 \
        --listen-peer-urls unix://peer:1 --initial-advertise-peer-urls unix://peer:1 \
        --initial-cluster default=unix://peer:1 ;;
    kube-apiserver)
      launch kube-apiserver --etcd-servers unix://client:1 --bind-address 127.0.0.1 --secure-port "$(<"$dir/port")" \
        --tls-cert-file pki/server.crt --tls-private-key-file pki/server.key --client-ca-file pki/ca.crt \
        --service-account-issuer https://kubernetes.default.svc --service-account-key-file pki/service-accounts.key \
        --service-account-signing-key-file pki/service-accounts.key --authorization-mode RBAC \
        --service-cluster-ip-range 10.96.0.0/16 --endpoint-reconciler-type none --anonymous-auth=false ;;
    kube-controller-manager) # no node is ill because this machine is busy
      launch kube-controller-manager --kubeconfig "$admin" --leader-elect=false --secure-port 0 \
        --node-monitor-grace-period 1h \
        --root-ca-file pki/ca.crt --service-account-private-key-file pki/service-accounts.key \
        --kube-api-qps 200 --kube-api-burst 400 ;;
    kube-scheduler) launch kube-scheduler --kubeconfig "$admin" --leader-elect=false --secure-port 0 ;;
    kwok) launch kwok --kubeconfig "$admin" --manage-all-nodes --cidr 10.244.0.0/24 --node-ip 10.0.0.1 ;;
    *) fail "no component $1; there are: ${components[*]}" ;;
  esac
}

answers() { kubectl --kubeconfig "$dir/kubeconfig" get --raw /readyz >/dev/null 2>&1; }
answers_or_ended() { answers || ended kube-apiserver || ended etcd; }
await_api() {
  within 90 answers_or_ended && answers && return
  for each in etcd kube-apiserver; do tail -n 5 "$dir/$each.log" | cut -c 1-300 | sed "s/^/  $each | /" >&2; done
  return 1
}

# None the kernel hands out to clients: while the API server is dead, one that keeps calling it could be given the very
# port it calls, connect to itself, and keep the server from coming back.
free_port() {
  python3 - <<'END'
import random, socket
for port in random.sample(range(20000, 30000), 100):
    with socket.socket() as one:
        if one.connect_ex(("127.0.0.1", port)):
            print(port)
            break
END
}

node() {
  cat <<'YAML'
apiVersion: v1
kind: Node
metadata:
  name: simulated
  labels: {kubernetes.io/hostname: simulated, kubernetes.io/os: linux}
status:
  allocatable: {cpu: "64", memory: 256Gi, pods: "1000"}
  capacity: {cpu: "64", memory: 256Gi, pods: "1000"}
YAML
}

# ---- what there is to type -----------------------------------------------------------------------------------------
up() { # up [DIR] [--no-definitions]
  dir=${1:-$(mktemp -d "${TMPDIR:-/tmp}/marty-cluster.XXXXXX")}
  mkdir -p "$dir"
  dir=$(readlink -f "$dir")
  make_keys
  free_port >"$dir/port"
  kubeconfig kubeconfig /O=system:masters/CN=admin >/dev/null
  export KUBECONFIG=$dir/kubeconfig
  trap down EXIT # until all of it is up
  start etcd
  start kube-apiserver
  await_api
  node | kubectl create -f - >/dev/null
  for each in kube-controller-manager kube-scheduler kwok; do start $each; done
  if [[ ${2:-} != --no-definitions ]]; then definitions; fi
  kubectl wait --for=condition=Ready node/simulated --timeout=60s >/dev/null
  trap - EXIT
  printf 'export MARTY_CLUSTER=%q KUBECONFIG=%q PATH=%q:$PATH\n' "$dir" "$KUBECONFIG" "$programs"
}

definitions() { # Istio's, Linkerd's, the Gateway API's, the Prometheus operator's, SMI's
  kubectl apply --server-side -f "$programs/../crds" -f "$here/../crds" >/dev/null
  kubectl wait --for=condition=Established crd --all --timeout=60s >/dev/null
}

down() {
  local each
  for each in kwok kube-scheduler kube-controller-manager kube-apiserver etcd; do end "$each" KILL; done
  rm -rf "$dir"
}

command -v etcd >/dev/null || skip "etcd is not here; Debian's package is etcd-server"
programs=$("$here/build.sh")/bin
export PATH=$programs:$PATH
command=${1:-help}
dir=${2:-}
if [[ $command != @(up|help) && ! -f $dir/kubeconfig ]]; then fail "'$dir' is no cluster's folder; 'up' prints one"; fi
case $command in
  up) up "${@:2}" ;;
  down) down ;;
  user) kubeconfig "user-$3" "/CN=$3" >/dev/null; echo "$dir/user-$3" ;;
  kill) end "$3" KILL ;;
  start) start "$3"; await_api ;;
  definitions) KUBECONFIG=$dir/kubeconfig definitions ;;
  *) sed -n '2,/^set/ { /^set/d; s/^# \{0,1\}//; p }' "$0" >&2; exit 2 ;;
esac
