# What readers of the guide copy and paste: runs every line of its blocks of one kind, in order.
guide=plugins/petstore_domain/k8s/service-mesh/README.md

blocks() { # blocks KIND: the commands of the blocks that begin with ```KIND, continued lines joined
  awk -v start="\`\`\`$1" '$0 == start {inside = 1; next} /^```/ {inside = 0} inside' "$guide" |
    sed -e ':a' -e '/\\$/N; s/\\\n//; ta'
}

run_blocks() { # run_blocks KIND SKIPPED-PATTERN: where they are run is the caller's working directory
  local command count=0
  while read -r command; do
    [[ -n $command && ! $command =~ $2 ]] || continue
    timeout 120 bash -c "$command" >"$out" 2>"$err" </dev/null || fail "the guide says: $command"
    count=$((count + 1))
    ok "$command"
  done
  ((count > 0)) || fail "$guide has no block of commands any more"
}
