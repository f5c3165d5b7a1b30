#!/usr/bin/env bash
# Whatever is wrong outside of marty: a message with the place and the way out, the right exit code, and nothing left.
. "$(dirname "$0")/lib/mesh.sh"

cp -rL plugins/petstore_domain/k8s "$work/k8s"
overlay=$work/k8s/overlays/service-mesh-istio
policies=$overlay/istio-policies.yaml
local=$work/local.yaml
cp "$policies" "$work/policies.yaml"
mine=("$marty" mesh up --manifests "$overlay" --local "$local" --ready-file "$work/ready.json")

mend() { cp "$work/policies.yaml" "$policies"; cp plugins/petstore_domain/local.yaml "$local"; }
refused() { # refused CODE WORDS…: refused before CMD ran, and nothing is left
  run "$@"
  equal "what ran" "" "$(cat "$out")"
  [[ ! -e $work/ready.json ]] || fail "there is a ready file"
  nothing_left
}
line_of() { grep -nF -m 1 -- "$1" "$2" | cut -d: -f1; }

mend
sed -i '0,/^  http:$/s//  http: [/' "$policies"
refused 3 "${mine[@]}" -- echo ran
grep -qE "$policies:[0-9]+:[0-9]+: error: not YAML" "$err" || fail "no place of the syntax error"
ok "a manifest that does not parse"

mend
sed -i '0,/perTryTimeout/s//perTryTimout/' "$policies"
refused 3 "${mine[@]}" -- echo ran
says "$err" "$policies:$(line_of perTryTimout "$policies"):"
says "$err" "did you mean 'perTryTimeout'?"
equal "errors told" 1 "$(grep -c 'error:' "$err")"
ok "an unknown field"

mend
sed -i '0,/subset: v2/s//subset: v9/' "$policies"
refused 3 "${mine[@]}" -- echo ran
says "$err" "$policies:$(line_of 'subset: v9' "$policies"):"
says "$err" "no DestinationRule defines the subset 'v9'"
ok "a subset that no DestinationRule defines"

mend
python3 -c '
import socket, time
taken = socket.create_server(("127.0.0.1", 0))
print(taken.getsockname()[1], flush=True)
time.sleep(120)' >"$work/port" &
started+=($!)
holder=$!
within 10 test -s "$work/port" || fail "no port could be taken"
port=$(cat "$work/port")
sed -i "s/^  ingress:.*/&\n    port: $port/" "$local"
refused 4 "${mine[@]}" -- echo ran
says "$err" "local.yaml:$(line_of "port: $port" "$local"):"
says "$err" "127.0.0.1:$port: Address already in use"
says "$err" "sport = :$port"
kill "$holder"
within 10 ended "$holder"
run 0 "${mine[@]}" -- curl -s --noproxy '*' -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/health"
equal "the ingress at its fixed port, once that is free" 200 "$(cat "$out")"
rm "$work/ready.json"
ok "a port in use"

mend
sed -i '0,/\[$BIN.petstore-domain, /s//[sh, -c, "echo no such database; exit 9", /' "$local"
refused 3 "${mine[@]}" -- echo ran
says "$err" "petstore-domain-v1-0 ended with exit code 9 before it was ready"
says "$err" "no such database"
says "$err" "local.yaml:$(line_of 'no such database' "$local"):"
ok "a command that exits at once"

mend
sed -i '0,/$BIN.petstore-domain/s//$BIN\/petstor-domain/' "$local"
refused 3 "${mine[@]}" -- echo ran
says "$err" "local.yaml:$(line_of petstor-domain, "$local"):"
says "$err" "petstor-domain: No such file or directory"
mend
sed -i 's/petstore-domain-v2:/petstore-domain-v22:/' "$local"
refused 3 "${mine[@]}" -- echo ran
says "$err" "local.yaml:$(line_of petstore-domain-v22 "$local"):5: error: no Deployment of the manifests"
says "$err" "did you mean 'petstore-domain-v2'?"
mend
run 3 "${mine[@]}" -- "$work/no-such-command"
nothing_left
rm "$work/ready.json"
says "$err" "$work/no-such-command: No such file or directory"
ok "a command or a Deployment that does not exist"

refused 2 "$marty" mesh up --manifests "$overlay" -- echo ran
says "$err" "--manifests needs --local"
refused 3 "$marty" mesh up --manifests "$overlay" --local "$work/nowhere.yaml" -- echo ran
says "$err" "$work/nowhere.yaml: No such file or directory"
refused 3 "$marty" mesh up --manifests "$work/nowhere" --local "$local" -- echo ran
says "$err" "$work/nowhere: No such file or directory"
refused 2 "${up[@]}" --as stranger -- echo ran
says "$err" "NAMESPACE/SERVICEACCOUNT"
ok "flags and files that are missing"

ca=$XDG_STATE_HOME/marty/ca
for spoil in 'echo garbage >' 'mkdir'; do # tests may run as root, whom no file mode keeps from reading
  [[ -s $ca/ca-key.pem ]] || fail "the CA's key is not at $ca/ca-key.pem"
  rm "$ca/ca-key.pem"
  eval "$spoil" '"$ca/ca-key.pem"'
  before=$(find "$ca" -type f -exec md5sum {} +)
  refused 3 "${up[@]}" -- echo ran
  says "$err" "$ca/ca-key.pem"
  says "$err" "rm -r $ca"
  equal "what is in the CA's directory" "$before" "$(find "$ca" -type f -exec md5sum {} +)"
  rm -r "$ca"
  run 0 "${up[@]}" -- true
done
ok "a CA key that cannot be read: nothing overwritten, and the way out works"

refused 4 "${up[@]}" --ready-file "$work/no/such/folder/ready.json" -- echo ran
says "$err" "$work/no/such/folder/ready.json: No such file or directory"
if [[ -w /dev/full ]]; then
  refused 4 "${up[@]}" --ready-file /dev/full -- echo ran
  says "$err" "writing /dev/full"
  [[ -c /dev/full ]] || fail "/dev/full was replaced"
fi
refused 4 env TMPDIR="$work/nowhere" "${up[@]}" -- echo ran
says "$err" "TMPDIR"
ok "a ready file or temporary directory that cannot be written"

# No byte may be written to any file: a full disk. The pods say nothing, so that the ready file is what fails.
cat >"$work/quiet.py" <<'PY'
import http.server, sys
class Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer((sys.argv[1], int(sys.argv[2])), Quiet).serve_forever()
PY
sed -i -e "s#\[\$BIN.petstore-domain, .*#[python3, $work/quiet.py, \$HOST, \$PORT, \"sqlite:\$STATE/\"]#" \
  -e '/^ *--store/d' "$local"
full_disk() { # full_disk WORDS…: stdout and stderr through a pipe, those are no files
  { (ulimit -f 0; trap '' XFSZ; exec "$@") 2>&1; echo "exit $?"; } | cat >"$err"
  : >"$out"
}
full_disk "${mine[@]}" -- echo ran
says "$err" "exit 4"
says "$err" "writing $work/ready.json: File too large"
says "$err" "free some space"
! grep -qx ran "$err" || fail "CMD ran without its ready file"
[[ -z $(find "$work" -maxdepth 1 -name '*ready.json*') ]] || fail "a ready file is half-written"
nothing_left
rm -r "$ca"
full_disk "${mine[@]}" -- echo ran
says "$err" "exit 4"
[[ -z $(find "$ca" -type f -size +0 2>/dev/null) ]] || fail "the CA is half-written"
nothing_left
mkdir "$work/shop"
cp -r plugins "$work/shop/"
cd "$work/shop" || exit 1
full_disk "$marty" mesh generate-overlay --service petstore-domain --output "$work/generated"
says "$err" "exit 4"
[[ -z $(find "$work/generated" -type f -o -type l 2>/dev/null) ]] || fail "generate-overlay left half a tree"
echo "# edited by hand" >>plugins/petstore_domain/k8s/base/services.yaml
before=$(find . -type f -exec md5sum {} + | sort)
full_disk "$marty" mesh generate-overlay --service petstore-domain
says "$err" "exit 4"
equal "the generated tree" "$before" "$(find . -type f -exec md5sum {} + | sort)"
ok "a full disk: exit 4, and files are whole or not there"
