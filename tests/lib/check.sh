# Sourced by every test script: one says "ok: …" for each thing it has seen, and ends with exit 0, 77 (skipped: this
# machine cannot tell) or anything else (failed). MARTY names another binary than build/marty.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 1
marty=$(readlink -f "${MARTY:-build/marty}")
work=$(mktemp -d)
out=$work/out err=$work/err
: >"$out" >"$err"
. "$root/tests/lib/within.sh"

fail() {
  echo "FAILED: $*"
  tail -n 30 "$out" | cut -c 1-300 | sed 's/^/  out | /'
  tail -n 30 "$err" | cut -c 1-300 | sed 's/^/  err | /'
  exit 1
}
ok() { echo "ok: $*"; }
skip() { echo "skipped: $*"; exit 77; }
says() { grep -qF -- "$2" "$1" || fail "'$2' is not in $(basename "$1")"; }
equal() { [[ $2 == "$3" ]] || fail "$1: expected '$2', saw '$3'"; } # equal WHAT EXPECTED SEEN

run() { # run CODE WORDS…: runs them to their end, expects the exit code
  local expected=$1 code=0
  shift
  timeout 60 "$@" >"$out" 2>"$err" </dev/null || code=$?
  equal "exit code of ${*/#$marty/marty}" "$expected" "$code"
}

ended() { ! kill -0 "$1" 2>/dev/null; }

trap 'rm -rf "$work"' EXIT
trap 'exit 143' TERM INT HUP

[[ -x $marty ]] || fail "$marty is not there; ./dev build makes it"
