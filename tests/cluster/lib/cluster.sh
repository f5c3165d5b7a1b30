# Sourced by the scripts one folder up: `kubectl` reaches a real API server as an administrator. `./dev test cluster`
# starts one for all of them (MARTY_CLUSTER is its folder); a script that is run alone starts its own.
. "$(dirname "${BASH_SOURCE[0]}")/../../lib/check.sh"
server=$root/tests/cluster/lib/server.sh

if [[ -z ${MARTY_CLUSTER:-} ]]; then
  code=0
  started=$("$server" up) || code=$?
  case $code in 0) ;; 77) skip "no cluster on this machine" ;; *) fail "the cluster does not start" ;; esac
  eval "$started"
  trap '"$server" down "$MARTY_CLUSTER"; rm -rf "$work"' EXIT
fi
# No test reads or writes what is the user's.
export KUBECONFIG=$MARTY_CLUSTER/kubeconfig KUBECACHEDIR=$work/kubectl XDG_STATE_HOME=$work/state

kill_api() { "$server" kill "$MARTY_CLUSTER" kube-apiserver; }   # the server dies midway …
start_api() { "$server" start "$MARTY_CLUSTER" kube-apiserver; } # … and is back, with what etcd has kept
user() { "$server" user "$MARTY_CLUSTER" "$1"; }                 # prints a kubeconfig of somebody without rights

fresh() { # fresh NAMESPACE…: none of them exists, nor anything that was in them
  kubectl delete namespace "$@" --ignore-not-found --wait --timeout=60s >/dev/null || fail "cannot delete namespace $*"
}
