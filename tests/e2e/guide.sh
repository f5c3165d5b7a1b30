#!/usr/bin/env bash
# Every command of the guide beside the manifests that needs no cluster, but Istio's story, which has a test of its own.
. "$(dirname "$0")/../lib/check.sh"
. "$root/tests/lib/guide.sh"
export PATH="$(dirname "$marty"):$root/.cache/bin:$PATH"
command -v promtool >/dev/null || skip "promtool is not here; ./dev setup fetches it"

blocks bash >"$work/commands"
run_blocks bash 'demo.sh istio' <"$work/commands"
