#!/usr/bin/env python3
"""differential.py MARTY: whether our schemas say what a real API server says, for thousands of mutated objects.

Each object of objects.yaml is mutated everywhere: fields taken away, given other types, values out of bounds, unknown
and repeated ones added, every field of the schema tried. The server (the one KUBECONFIG names, with definitions made
of schemas/*.json) gets each as a strict dry run; marty validates all of them at once. Verdicts that differ must be
explained in differences.txt: `regular expression of the line ==> why`. Unused explanations are an error too.
"""
import base64
import collections
import concurrent.futures
import copy
import http.client
import json
import random
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
MUTANTS_PER_OBJECT = int(sys.argv[2]) if len(sys.argv) > 2 else 150
NAMESPACE = "differential"
SCHEMA_RULES = {"unknown-field", "misplaced-field", "wrong-type", "missing-field", "invalid-value", "out-of-range",
                "conflicting-fields", "duplicate-item", "schema-rule", "unknown-kind", "unknown-version",
                "duplicate-key"}


# ---- schemas ---------------------------------------------------------------------------------------------------------
class Kinds:
    def __init__(self):
        self.entries, self.definitions = {}, {}
        for path in sorted((ROOT / "schemas").glob("*.json")):
            document = json.loads(path.read_text())
            for entry in document["kinds"]:
                api = f"{entry['group']}/{entry['version']}" if entry["group"] else entry["version"]
                if entry.get("served", True):
                    self.entries.setdefault((api, entry["kind"]), (entry, document["definitions"]))

    def entry(self, thing):
        return self.entries[(thing["apiVersion"], thing["kind"])]

    @staticmethod
    def resolved(schema, definitions):
        while "$ref" in schema:
            schema = definitions[schema["$ref"]]
        return schema

    def inline(self, schema, definitions):
        """A structural schema as a CRD wants it: nothing referred to, nothing of ours."""
        schema = self.resolved(schema, definitions)
        out = {key: value for key, value in schema.items() if key != "x-experimental"}
        if "properties" in out:
            out["properties"] = {k: self.inline(v, definitions) for k, v in out["properties"].items()}
        for key in ("items", "additionalProperties", "not"):
            if isinstance(out.get(key), dict):
                out[key] = self.inline(out[key], definitions)
        for key in ("allOf", "anyOf", "oneOf"):
            if key in out:
                out[key] = [self.inline(part, definitions) for part in out[key]]
        if "x-kubernetes-validations" in out:
            out["x-kubernetes-validations"] = [{"rule": rule["rule"], "message": rule["says"]}
                                               for rule in out["x-kubernetes-validations"]]
        return out

    def definitions_for_the_server(self):
        groups = collections.defaultdict(list)
        for entry, definitions in self.entries.values():
            if not entry.get("native"):
                groups[(entry["group"], entry["kind"])].append((entry, definitions))
        for (group, kind), versions in groups.items():
            plural = kind.lower() + "s"
            spec = {"group": group, "scope": "Namespaced" if versions[0][0]["namespaced"] else "Cluster",
                    "names": {"kind": kind, "plural": plural, "listKind": kind + "List", "singular": kind.lower()},
                    "versions": []}
            for number, (entry, definitions) in enumerate(versions):
                spec["versions"].append({
                    "name": entry["version"], "served": True, "storage": number == 0,
                    "schema": {"openAPIV3Schema": self.inline(entry["schema"], definitions)},
                    **({"subresources": {"status": {}}} if entry.get("status") else {})})
            yield {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                   "metadata": {"name": f"{plural}.{group}",
                                "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"}}, "spec": spec}


# ---- the server ------------------------------------------------------------------------------------------------------
class Server:
    def __init__(self):
        shown = subprocess.run(["kubectl", "config", "view", "--raw", "-o", "json"], check=True, capture_output=True)
        config = json.loads(shown.stdout)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.host = urllib.parse.urlsplit(cluster["server"]).netloc
        self.context = ssl.create_default_context(
            cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        with tempfile.NamedTemporaryFile() as pair:
            for part in ("client-certificate-data", "client-key-data"):
                pair.write(base64.b64decode(user[part]))
            pair.flush()
            self.context.load_cert_chain(pair.name)
        self.plurals = {}

    def ask(self, connection, method, path, body=None):
        text = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        connection.request(method, path, text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def connect(self):
        return http.client.HTTPSConnection(self.host, context=self.context, timeout=60)

    def discover(self):
        connection = self.connect()
        _, groups = self.ask(connection, "GET", "/apis")
        roots = ["/api/v1"] + [f"/apis/{v['groupVersion']}" for g in groups["groups"] for v in g["versions"]]
        for root in roots:
            _, found = self.ask(connection, "GET", root)
            for each in found.get("resources", []):
                if "/" not in each["name"]:
                    self.plurals[(found["groupVersion"], each["kind"])] = (root, each["name"], each["namespaced"])

    def url(self, thing):
        root, plural, namespaced = self.plurals[(thing["apiVersion"], thing["kind"])]
        inside = f"/namespaces/{NAMESPACE}" if namespaced else ""
        return f"{root}{inside}/{plural}?dryRun=All&fieldValidation=Strict"

    def verdicts(self, url, bodies):
        """For each body (True, "") or (False, why)."""
        connection, out = self.connect(), []
        for body in bodies:
            status, answer = self.ask(connection, "POST", url, body)
            if status < 300 or (status == 409 and answer.get("reason") == "AlreadyExists"):  # valid, but there
                out.append((True, ""))
            elif status in (400, 422):
                out.append((False, answer.get("message", "")))
            else:
                out.append((None, f"{status} {answer.get('message')}"))
        return out


# ---- mutants ---------------------------------------------------------------------------------------------------------
VALUES = ["text", "", "Not A Name!", "a" * 300, 5, 0, -1, 70000, 3_000_000_000, 1.5, True, None, [], {}, ["text"], [5],
          [None], {"x": "y"}, {"x": 5}, "10.0.0.1", "1s", "0s", "*"]
UNTOUCHED = {"apiVersion", "kind"}


def parts(value, schema, definitions, path=()):
    """(path, value, schema) of everything inside an object; schemas are {} where none is known."""
    schema = Kinds.resolved(schema or {}, definitions)
    yield path, value, schema
    if isinstance(value, dict):
        for key, inner in value.items():
            if not path and key in UNTOUCHED:
                continue
            known = schema.get("properties", {}).get(key) or schema.get("additionalProperties") or {}
            yield from parts(inner, known if isinstance(known, dict) else {}, definitions, path + (key,))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from parts(inner, schema.get("items"), definitions, path + (number,))


def at(thing, path):
    for step in path:
        thing = thing[step]
    return thing


def edits(thing, schema, definitions):
    """(what was done, path, function that does it to a copy)."""
    for path, value, known in parts(thing, schema, definitions):
        if path == ("metadata", "namespace"):
            continue  # it has to be that of the request
        if path:
            *up, last = path

            def put(copied, new, up=tuple(up), last=last):
                at(copied, up)[last] = new
            for new in VALUES:
                yield f"={json.dumps(new)[:30]}", path, lambda c, put=put, new=new: put(c, copy.deepcopy(new))
            yield "removed", path, lambda c, up=tuple(up), last=last: at(c, up).__delitem__(last)
            if isinstance(value, str):
                for new in (value.upper(), value + " ", value + value, "-" + value):
                    yield f"={json.dumps(new)[:30]}", path, lambda c, put=put, new=new: put(c, new)
        if isinstance(value, dict):
            yield "+unknown", path, lambda c, path=path: at(c, path).update(notAField=1)
            for name, part in known.get("properties", {}).items():
                if name in value or (not path and name in UNTOUCHED) or (path, name) == (("metadata",), "namespace"):
                    continue
                for new in samples(part, definitions):
                    yield (f"+{name}={json.dumps(new)[:40]}", path,
                           lambda c, path=path, name=name, new=new: at(c, path).update({name: copy.deepcopy(new)}))
        if isinstance(value, list) and value:
            yield "twice", path, lambda c, path=path: at(c, path).append(copy.deepcopy(at(c, path)[0]))


def samples(schema, definitions, depth=0):
    """Some values for a field: good ones as far as the schema tells, and doubtful ones."""
    schema = Kinds.resolved(schema, definitions)
    kind = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        return [5, "text", "25%", 70000]
    if "enum" in schema:
        return [schema["enum"][-1], "Bogus"]
    if kind == "string":
        return ["text", "1s", "10.0.0.1", "/a"]
    if kind in ("integer", "number"):
        return [1, schema.get("maximum", 100), schema.get("minimum", 0) - 1]
    if kind == "boolean":
        return [True, "true"]
    if kind == "array":
        inner = samples(schema.get("items", {}), definitions, depth + 1)[:1] if depth < 3 else []
        return [[], inner]
    if kind == "object" and "properties" in schema and depth < 3:
        wanted = schema.get("required", [])
        made = {name: samples(schema["properties"][name], definitions, depth + 1)[0] for name in wanted
                if name in schema["properties"]}
        return [made, {}]
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict) and depth < 3:
        return [{"x": samples(schema["additionalProperties"], definitions, depth + 1)[0]}]
    return ["text", 5, {}]


def mutants(thing, kinds):
    entry, definitions = kinds.entry(thing)
    schema = dict(Kinds.resolved(entry["schema"], definitions))
    if not entry.get("native"):  # metadata is the same everywhere
        core, theirs = kinds.entries[("v1", "ConfigMap")]
        metadata = kinds.inline(Kinds.resolved(core["schema"], theirs)["properties"]["metadata"], theirs)
        schema["properties"] = {**schema.get("properties", {}), "metadata": metadata}
    chosen = list(edits(thing, schema, definitions))
    random.Random(f"{thing['apiVersion']} {thing['kind']} {thing['metadata']['name']}").shuffle(chosen)
    yield "as it is", thing
    for what, path, edit in chosen[:MUTANTS_PER_OBJECT]:
        copied = copy.deepcopy(thing)
        edit(copied)
        if copied != thing:
            yield f"{'.'.join(map(str, path))} {what}", copied


# ---- verdicts --------------------------------------------------------------------------------------------------------
def ours(marty, texts):
    """For each object the schema findings that are errors, as one text; empty when it is fine."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write("\n---\n".join(texts) + "\n")
        file.flush()
        done = subprocess.run([marty, "service-mesh", "validate", "-o", "json", file.name], capture_output=True)
    if done.returncode not in (0, 1):
        sys.exit(f"marty exits {done.returncode}: {done.stderr.decode()[:1000]}")
    said = collections.defaultdict(list)
    for finding in json.loads(done.stdout)["findings"]:
        if finding["rule"] in SCHEMA_RULES and finding["severity"] == "error":
            said[(finding["line"] - 1) // 2].append(f"{finding['rule']} {finding['field']}: {finding['message']}")
    return ["; ".join(said[number]) for number in range(len(texts))]


def main():
    kinds, server = Kinds(), Server()
    setup = list(kinds.definitions_for_the_server()) + [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "pets", "namespace": NAMESPACE}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": NAMESPACE}}]
    apply = ["kubectl", "apply", "--server-side", "--force-conflicts", "-f", "-"]
    subprocess.run(apply, input="\n".join(map(json.dumps, setup)).encode(), check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["kubectl", "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"], check=True,
                   stdout=subprocess.DEVNULL)
    server.discover()
    objects = [each for each in yaml.safe_load_all((HERE / "objects.yaml").read_text()) if each]
    cases = [(f"{thing['kind']} {thing['apiVersion']} {what}", mutant) for thing in objects
             for what, mutant in mutants(thing, kinds)]
    texts = [json.dumps(mutant) for _, mutant in cases]
    mine = ours(sys.argv[1], texts)
    jobs = collections.defaultdict(list)
    for number, (_, mutant) in enumerate(cases):
        jobs[server.url(mutant)].append(number)
    theirs = [None] * len(cases)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        waiting = {pool.submit(server.verdicts, url, [texts[n].encode() for n in numbers]): numbers
                   for url, numbers in jobs.items()}
        for done in concurrent.futures.as_completed(waiting):
            for number, verdict in zip(waiting[done], done.result()):
                theirs[number] = verdict
    sys.exit(judge(cases, mine, theirs))


def judge(cases, mine, theirs):
    explained = [line.split(" ==> ") for line in (HERE / "differences.txt").read_text().splitlines()
                 if line and not line.startswith("#")]
    used, different, refused = collections.Counter(), [], 0
    for (name, _), our_reason, (accepted, their_reason) in zip(cases, mine, theirs):
        refused += accepted is False
        if accepted is not None and accepted == (not our_reason):
            continue
        line = f"{name} | {'ours: ' + our_reason if our_reason else 'ours: fine'} | " \
               f"{'server: fine' if accepted else 'server: ' + ' '.join(their_reason.split())[:400]}"
        for pattern, _ in explained:
            if re.search(pattern, line):
                used[pattern] += 1
                break
        else:
            different.append(line)
    for line in different:
        print(line)
    unused = [pattern for pattern, _ in explained if not used[pattern]]
    for pattern in unused:
        print(f"differences.txt explains what does not differ: {pattern}")
    print(f"{len(cases)} objects, {refused} refused by the server; {len(different)} verdicts differ, "
          f"{sum(used.values())} more are explained", file=sys.stderr)
    return 1 if different or unused else 0


if __name__ == "__main__":
    main()
