# Sourced after cluster.sh: the petstore in a project of our own, so that manifests can be changed, and words for what
# apply-policies does with it. Deployments become ready on the simulated node; no proxies are there.
namespace=petstore-domain
mkdir -p "$work/project/plugins"
cp -rL plugins/petstore_domain "$work/project/plugins/"
cd "$work/project" || exit 1
overlay=plugins/petstore_domain/k8s/overlays/service-mesh-istio
policies=$overlay/istio-policies.yaml
apply=("$marty" service-mesh apply-policies --service petstore-domain --mesh istio)

live() { kubectl get -n $namespace "$1" -o "jsonpath=$2"; } # live OBJECT JSONPATH
gone() { ! kubectl get -n $namespace "$1" >/dev/null 2>&1; }
record() { live secret/marty-petstore-domain-record "{.data.$1}" | base64 -d; }
weights() { # weights V1 V2: the canary's share in the manifests
  sed -i "/^  - name: read$/,/retries:/ { s/weight: [0-9]*/weight: $1/; }" "$policies"
  sed -i "/^  - name: read$/,/retries:/ { /subset: v2/,/weight:/ s/weight: [0-9]*/weight: $2/; }" "$policies"
}
live_weights() { live virtualservice/petstore-domain '{.spec.http[?(@.name=="read")].route[*].weight}'; }
pods_need() { # pods_need LABEL: pods start only on a node that carries it
  sed -i "s/^      serviceAccountName: .*/&\n      nodeSelector: {$1: \"true\"}/" \
    plugins/petstore_domain/k8s/base/deployments.yaml
}
in_force() { # in_force FLAGS…: nothing is left to do, in the server's own opinion
  run 0 "${apply[@]}" "$@" --dry-run
  equal "the plan" "" "$(<"$out")"
  says "$err" unchanged
  equal "the record's state" applied "$(record state)"
}

# A kubectl that counts its calls and, at the one in $work/at, does what $work/then says to marty or the server.
real=$(command -v kubectl)
meddle() { # meddle CALL WORDS…: from now on, before that call; 0: never
  rm -f "$work/calls"
  echo "$1" >"$work/at"
  printf '%s\n' "${*:2}" >"$work/then"
}
calls() { wc -l <"$work/calls"; }
mkdir "$work/bin"
cat >"$work/bin/kubectl" <<END
#!/usr/bin/env bash
echo "\$*" >>"$work/calls"
if [[ \$(wc -l <"$work/calls") == "\$(<"$work/at")" ]]; then marty=\$PPID; . "$work/then"; fi
exec "$real" "\$@"
END
chmod +x "$work/bin/kubectl"
meddle 0
meddled=(env "PATH=$work/bin:$PATH" "${apply[@]}")
