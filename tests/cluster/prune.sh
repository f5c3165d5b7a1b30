#!/usr/bin/env bash
# What is wanted no more goes, last and in reverse, if apply-policies has put it there; nothing else ever does.
. "$(dirname "$0")/lib/cluster.sh"
. "$root/tests/cluster/lib/project.sh"
fresh $namespace
run 0 "${apply[@]}" --yes

# Neighbours: one that is nobody's, one of another service, one that only looks like marty's.
kubectl create configmap theirs -n $namespace >/dev/null
kubectl create configmap other -n $namespace >/dev/null
kubectl label configmap other -n $namespace app.kubernetes.io/managed-by=marty marty.dev/service=another >/dev/null
kubectl create configmap generated -n $namespace >/dev/null
kubectl label configmap generated -n $namespace app.kubernetes.io/managed-by=marty >/dev/null

python3 - "$policies" <<'END'
import re, sys
documents = re.split(r"(?m)^---\n", open(sys.argv[1]).read())
keep = [one for one in documents if "kind: EnvoyFilter" not in one and "kind: PeerAuthentication" not in one]
assert len(keep) == len(documents) - 2
open(sys.argv[1], "w").write("---\n".join(keep))
END
sed -i '/^- namespace.yaml/d' $overlay/kustomization.yaml
run 0 "${apply[@]}" --dry-run
equal "the plan" "prune     EnvoyFilter $namespace/petstore-domain-rate-limit
prune     PeerAuthentication $namespace/petstore-domain-mtls" "$(<"$out")"
gone envoyfilter/petstore-domain-rate-limit && fail "a plan removed something"
run 0 "${apply[@]}" --yes; says "$err" "removed   EnvoyFilter"
gone envoyfilter/petstore-domain-rate-limit || fail "the EnvoyFilter is still there"
gone peerauthentication/petstore-domain-mtls || fail "the PeerAuthentication is still there"
kubectl get namespace $namespace -o name >/dev/null || fail "the namespace was removed"
for each in theirs other generated; do gone "configmap/$each" && fail "the ConfigMap $each was removed"; done
in_force
ok "what was applied and is wanted no more is shown, then removed; neighbours and the namespace stay"

run 0 "${apply[@]}" --rollback --yes; says "$err" "created   EnvoyFilter"
gone envoyfilter/petstore-domain-rate-limit && fail "a rollback did not bring it back"
ok "a rollback brings it back"

# Somewhere else the manifests put nothing any more.
fresh prune-elsewhere
kubectl create namespace prune-elsewhere >/dev/null
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: far, namespace: prune-elsewhere}\n' >$overlay/far.yaml
sed -i 's/^resources:/&\n- far.yaml/' $overlay/kustomization.yaml
run 0 "${apply[@]}" --yes; says "$err" "created   ConfigMap prune-elsewhere/far"
sed -i '/far.yaml/d' $overlay/kustomization.yaml
run 0 "${apply[@]}" --yes; says "$err" "removed   ConfigMap prune-elsewhere/far"
run 0 "${apply[@]}" --rollback --yes; says "$err" "created   ConfigMap prune-elsewhere/far"
run 0 "${apply[@]}" --rollback --yes; says "$err" "removed   ConfigMap prune-elsewhere/far"
ok "in another namespace too"
fresh $namespace prune-elsewhere
