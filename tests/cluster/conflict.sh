#!/usr/bin/env bash
# Fields that somebody else has set: shown with their manager, never taken without being told.
. "$(dirname "$0")/lib/cluster.sh"
. "$root/tests/cluster/lib/project.sh"
fresh $namespace
run 0 "${apply[@]}" --yes

kubectl scale -n $namespace deployment petstore-domain-v2 --replicas=5 >/dev/null
weights 60 40
run 1 "${apply[@]}" --dry-run
says "$out" 'conflict with "kubectl"'; says "$out" ".spec.replicas"; says "$out" "spec.replicas: 5 -> 1"
run 1 "${apply[@]}" --yes; says "$err" "--force-conflicts"; says "$err" "nothing was applied"
equal "replicas" 5 "$(live deployment/petstore-domain-v2 '{.spec.replicas}')"
equal "the weights in force" "90 10" "$(live_weights)"
ok "a conflict is shown with its manager and field, and nothing is applied"

run 1 "${apply[@]}" --dry-run -o json
python3 - "$out" <<'END' || fail "not the conflict in JSON"
import json, sys
found = [one["conflicts"] for one in json.load(open(sys.argv[1]))["objects"] if one["conflicts"]]
assert [[c["manager"] for c in one] for one in found] == [["kubectl"]], found
assert found[0][0]["fields"] == [".spec.replicas"], found
END
ok "in JSON too"

run 0 "${apply[@]}" --yes --force-conflicts
equal "replicas" 1 "$(live deployment/petstore-domain-v2 '{.spec.replicas}')"
in_force
ok "told to, it takes the field over"

kubectl scale -n $namespace deployment petstore-domain-v2 --replicas=5 >/dev/null
python3 - plugins/petstore_domain/k8s/base/deployments.yaml <<'END'
import re, sys
text = open(sys.argv[1]).read()
open(sys.argv[1], "w").write(re.sub(r"  replicas: 1\n", "", text))
END
run 0 "${apply[@]}" --yes
equal "replicas" 5 "$(live deployment/petstore-domain-v2 '{.spec.replicas}')"
in_force
ok "a field left out of the manifests stays with whoever set it"
fresh $namespace
