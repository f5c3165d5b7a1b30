#!/usr/bin/env bash
# `validate` and the API server give one verdict on thousands of mutated objects. The server is one of its own, whose
# definitions are made of our schema files: what is compared is how a schema is read, not which release it is from.
unset MARTY_CLUSTER
. "$(dirname "$0")/../lib/check.sh"
python3 -c 'import yaml' 2>/dev/null || skip "python3-yaml is not here"
server=$root/tests/cluster/lib/server.sh
code=0
started=$("$server" up "$work/cluster" --no-definitions) || code=$?
case $code in 0) ;; 77) skip "no cluster on this machine" ;; *) fail "the cluster does not start" ;; esac
eval "$started"
trap '"$server" down "$MARTY_CLUSTER"; rm -rf "$work"' EXIT

timeout 500 python3 "$root/tests/cluster/schema/differential.py" "$marty" >"$out" 2>"$err" </dev/null ||
  fail "the verdicts differ"
ok "$(tail -n 1 "$err")"
