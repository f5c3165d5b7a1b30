# Sourced by the scripts one folder up: the real binary, real sockets, and nothing left behind. Everything a test makes
# is under $work, also the runs' state ($TMPDIR) and the local CA.
lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$lib/../../lib/check.sh"
export TMPDIR=$work/tmp XDG_STATE_HOME=$work/state
mkdir "$TMPDIR" "$XDG_STATE_HOME"
# Every pod names its store in this run's state directory; grep reads the words from a file so as not to find itself.
echo "sqlite:$TMPDIR/" >"$work/pod-words"
unset http_proxy HTTP_PROXY no_proxy NO_PROXY

authority=petstore-domain-service.petstore-domain:8080
pets=http://$authority/api/petstore-domain/pets
up=("$marty" service-mesh up --mesh istio --service petstore-domain)
started=()

pods_running() { grep -alF -f "$work/pod-words" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3; }
no_pods() { [[ -z $(pods_running) ]]; }
nothing_left() { # after the end of a run
  within 5 no_pods || fail "pods still run: $(pods_running | tr '\n' ' ')"
  [[ -z $(ls "$TMPDIR") ]] || fail "left in the temporary directory: $(ls "$TMPDIR")"
}

# start NAME WORDS…: in the background with a ready file; $pid, $ready, $proxy, $admin and $ingress are the new mesh's.
start() {
  local name=$1
  shift
  ready=$work/$name.json out=$work/$name.out err=$work/$name.err
  set -m # as from a terminal: its own group, and SIGINT not ignored
  "$@" --ready-file "$ready" >"$out" 2>"$err" </dev/null &
  pid=$!
  set +m
  started+=("$pid")
  within 40 ready_or_ended || fail "$name is not up after 40 s"
  [[ -s $ready ]] || fail "$name ended before it was up"
  proxy=$(told proxy) admin=$(told admin) ingress=$(told ingress)
}
ready_or_ended() { [[ -s $ready ]] || ended "$pid"; }
told() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$ready" "$1"; }
first_pod() { # first_pod KEY
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["pods"][0][sys.argv[2]])' "$ready" "$1"
}
get() { curl -s -x "$proxy" "$@"; }
status_of() { curl -s -o "$work/body" -w '%{http_code}' "$@"; }

stop() { # stop PID [SIGNAL]: marty itself; $code is its exit code
  code=0
  kill -"${2:-TERM}" "$1"
  within 20 ended "$1" || fail "marty still runs 20 s after SIG${2:-TERM}"
  wait "$1" 2>/dev/null || code=$?
}

clean_up() {
  local each
  for each in ${started[@]+"${started[@]}"}; do kill -KILL "$each" 2>/dev/null; done
  within 5 no_pods || { each=$(pods_running); [[ -z $each ]] || kill -KILL $each; }
  wait 2>/dev/null
  rm -rf "$work"
}
trap clean_up EXIT

for tool in curl python3; do command -v $tool >/dev/null || skip "$tool is not here"; done
