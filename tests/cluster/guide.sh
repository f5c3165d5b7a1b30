#!/usr/bin/env bash
# Every command of the guide beside the manifests that needs a cluster, on a real API server.
. "$(dirname "$0")/lib/cluster.sh"
. "$root/tests/lib/guide.sh"
export PATH="$(dirname "$marty"):$PATH"

blocks 'bash cluster' >"$work/commands"
fresh petstore-domain
cp -r plugins "$work/" && cd "$work" || fail "no room for a copy"
run_blocks 'bash cluster' '^$' <"$work/commands"
cd "$root" && fresh petstore-domain
