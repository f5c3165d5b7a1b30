#!/usr/bin/env python3
"""Turns CRDs and Kubernetes' OpenAPI into the schema files that `validate` checks with: schemas/NAME.json.

For those who work on marty; users never run it. It keeps names and constraints and drops prose. One run makes one file:

  tools/import_schemas.py istio 'istio.io/api b8f8791d9653' istio/customresourcedefinitions.gen.yaml
  tools/import_schemas.py gateway-api 'gateway-api 4564255ac2c3' std/*.yaml --experimental exp/*.yaml
  go mod download -json k8s.io/kubernetes@v1.33.13 k8s.io/api@v0.33.13     # Dir of each: K and A below
  tools/import_schemas.py kubernetes 'k8s.io/kubernetes v1.33.13' $K/api/openapi-spec/v3/*_openapi.json \\
      --go-types $A --rules schemas/kubernetes-rules.yaml
  tools/import_schemas.py --json-schema DIR schemas/*.json     # as JSON Schema files, for kubeconform in the benchmark

The same input gives the same bytes. Equal parts of schemas are written once, under "definitions", and referred to.
Needs PyYAML.
"""
import argparse
import collections
import copy
import functools
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What a schema may say that decides about validity. Everything else (prose, patch strategies) is dropped.
PLAIN = ("type", "format", "enum", "required", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
         "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
         "uniqueItems", "nullable", "default", "propertyNames", "x-kubernetes-preserve-unknown-fields",
         "x-kubernetes-int-or-string", "x-kubernetes-embedded-resource", "x-kubernetes-list-type",
         "x-kubernetes-list-map-keys", "x-experimental")
SHARED_BYTES_MIN = 100  # a repeated part smaller than this is cheaper written out than referred to


def load_yaml(path):
    import yaml  # here, so that tests that read no YAML do without it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with open(path, encoding="utf-8") as file:
        return [document for document in yaml.load_all(file, loader) if document]


def compact(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def strip(schema, rename=str):
    """The schema without prose; `rename` maps what a $ref names."""
    if "$ref" in schema:
        return {"$ref": rename(schema["$ref"])}
    alone = schema.get("allOf", [])
    if len(alone) == 1 and "$ref" in alone[0]:  # how OpenAPI hangs a description beside a reference
        return strip(alone[0], rename)
    out = {key: schema[key] for key in PLAIN if key in schema}
    if schema.get("additionalProperties") is True:
        out["x-kubernetes-preserve-unknown-fields"] = True
    if "properties" in schema:
        out["properties"] = {name: strip(part, rename) for name, part in sorted(schema["properties"].items())}
    for key in ("items", "additionalProperties", "not"):
        if isinstance(schema.get(key), dict):
            out[key] = strip(schema[key], rename)
    for key in ("allOf", "anyOf", "oneOf"):
        if key in schema:
            out[key] = [strip(part, rename) for part in schema[key]]
    rules = [one_rule(rule) for rule in schema.get("x-kubernetes-validations", []) if "oldSelf" not in rule["rule"]]
    if rules:
        out["x-kubernetes-validations"] = rules
    return out


@functools.cache
def rule_words():
    lines = (ROOT / "schemas" / "rule-words.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split(" ==> ") for line in lines if not line.startswith("#")]
    return [(re.compile(pattern), words) for pattern, words in pairs]


def one_rule(rule):
    """A CEL rule with our sentence instead of its own."""
    out = {"rule": " ".join(rule["rule"].split())}
    if "says" in rule:
        return {**out, "says": rule["says"]}
    for pattern, words in rule_words():
        if found := pattern.fullmatch(out["rule"]):
            return {**out, "says": found.expand(words)}
    raise SystemExit(f"schemas/rule-words.txt has no words for the rule {out['rule']}")


# ---- sharing ---------------------------------------------------------------------------------------------------------
PARTS, LISTS = ("items", "additionalProperties", "not"), ("allOf", "anyOf", "oneOf")


def rebuilt(schema, visit):
    """A copy of the schema whose direct parts went through visit(part, name)."""
    out = dict(schema)
    if "properties" in out:
        out["properties"] = {name: visit(part, name) for name, part in out["properties"].items()}
    for key in PARTS:
        if key in out:
            out[key] = visit(out[key], "")
    for key in LISTS:
        if key in out:
            out[key] = [visit(part, "") for part in out[key]]
    return out


def share(roots):
    """[(name, schema)] -> ([(name, schema)], definitions): repeated parts become {"$ref": name}."""
    seen = collections.Counter()

    def count(schema, _=""):
        text = compact(schema)
        seen[text] += 1
        if seen[text] == 1:
            rebuilt(schema, lambda part, name: count(part) or part)

    for _, schema in roots:
        count(schema)
    names, definitions, taken = {}, {}, collections.Counter()

    def put(schema, path):
        text = compact(schema)
        if "$ref" in schema:
            return schema
        wanted = seen[text] > 1 and len(text) >= SHARED_BYTES_MIN
        if wanted and text in names:
            return {"$ref": names[text]}
        if wanted:
            taken[path] += 1
            names[text] = path if taken[path] == 1 else f"{path}.{taken[path]}"
        own = rebuilt(schema, lambda part, name: put(part, f"{path.split('.')[0]}.{name}" if name else path))
        if not wanted:
            return own
        definitions[names[text]] = own
        return {"$ref": names[text]}

    return [(name, put(schema, name)) for name, schema in roots], definitions


# ---- CRDs ------------------------------------------------------------------------------------------------------------
def crd_kinds(paths):
    """Served and unserved versions of every CRD in the files: {(group, kind, version): entry}."""
    kinds = {}
    for path in paths:
        for document in load_yaml(path):
            if document.get("kind") != "CustomResourceDefinition":
                continue
            spec = document["spec"]
            for version in spec["versions"]:
                entry = {"group": spec["group"], "version": version["name"], "kind": spec["names"]["kind"],
                         "namespaced": spec["scope"] == "Namespaced"}
                if not version["served"]:
                    entry["served"] = False
                if version.get("deprecated"):
                    entry["deprecated"] = True
                if "status" in version.get("subresources", {}):
                    entry["status"] = True
                entry["schema"] = strip(version["schema"]["openAPIV3Schema"])
                entry["schema"]["properties"].get("status", {}).pop("default", None)  # nobody writes a status
                key = (entry["group"], entry["kind"], entry["version"])
                if key not in kinds or entry.get("served", True):
                    kinds[key] = entry
    return kinds


def mark_experimental(wide, narrow):
    """Marks the properties of `wide` that `narrow` (the standard channel) lacks."""
    for name, part in wide.get("properties", {}).items():
        if name not in narrow.get("properties", {}):
            part["x-experimental"] = True
        else:
            mark_experimental(part, narrow["properties"][name])
    for key in PARTS:
        if key in wide and key in narrow:
            mark_experimental(wide[key], narrow[key])


def import_crds(paths, experimental):
    kinds = crd_kinds(paths)
    for key, entry in crd_kinds(experimental).items():
        standard = kinds.get(key)
        if standard and standard.get("served", True):
            mark_experimental(entry["schema"], standard["schema"])
        kinds[key] = entry
    return [kinds[key] for key in sorted(kinds)], {}


# ---- Kubernetes' own kinds -------------------------------------------------------------------------------------------
UNWANTED_KINDS = re.compile(r"Binding$|Review$|^StorageVersion")  # requests in the shape of objects
ROLE_BINDINGS = ("RoleBinding", "ClusterRoleBinding", "ValidatingAdmissionPolicyBinding")


def short_name(reference):
    name = reference.rsplit("/", 1)[-1]
    return re.sub(r"^io\.k8s\.(api|apimachinery\.pkg\.(apis|api|util)|apiextensions-apiserver\.pkg\.apis|"
                  r"kube-aggregator\.pkg\.apis)\.", "", name)


def go_enums(folder):
    """{definition: {property: [values]}} from the types of k8s.io/api that are marked as enums."""
    out = {}
    for path in sorted(Path(folder).glob("*/*/types.go")):
        group, version = path.parent.parent.name, path.parent.name
        text = path.read_text(encoding="utf-8")
        marked = re.findall(r"// \+enum\n(?://[^\n]*\n)*type (\w+) string", text)
        values = collections.defaultdict(list)
        for name, value in re.findall(r'^\t\w+\s+(\w+)\s*=\s*"([^"]*)"', text, re.MULTILINE):
            if name in marked and value not in values[name]:
                values[name].append(value)
        for struct, body in re.findall(r"^type (\w+) struct \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL):
            for go_type, field in re.findall(r'^\t\w+\s+(\[?\]?\*?\w+)\s+`json:"(\w+)', body, re.MULTILINE):
                name = go_type.lstrip("[]*")
                if values.get(name):
                    out.setdefault(f"{group}.{version}.{struct}", {})[field] = (go_type.startswith("[]"), values[name])
    return out


def openapi_kinds(paths):
    kinds, definitions = {}, {}
    for path in sorted(paths):
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        gvk_schema = {}
        for name, schema in document.get("components", {}).get("schemas", {}).items():
            definitions[short_name(name)] = native(strip(schema, short_name))
            for gvk in schema.get("x-kubernetes-group-version-kind", []):
                gvk_schema[(gvk["group"], gvk["version"], gvk["kind"])] = short_name(name)
        for url, operations in document["paths"].items():
            post = operations.get("post", {})
            if post.get("x-kubernetes-action") != "post" or "{name}" in url:
                continue
            gvk = post["x-kubernetes-group-version-kind"]
            group, version, kind = gvk["group"], gvk["version"], gvk["kind"]
            wanted = kind in ROLE_BINDINGS or not UNWANTED_KINDS.search(kind)
            if not wanted or "alpha" in version or "beta" in version:
                continue
            kinds[(group, kind, version)] = {
                "group": group, "version": version, "kind": kind, "namespaced": "/namespaces/{" in url, "native": True,
                "schema": {"$ref": gvk_schema[(group, version, kind)]}}
            if url + "/{name}/status" in document["paths"]:
                kinds[(group, kind, version)]["status"] = True
    return kinds, definitions


def native(schema):
    """What OpenAPI says in its own way about Go's types."""
    if schema.get("format") == "int-or-string":
        schema = {"x-kubernetes-int-or-string": True}
    if schema.get("default") in ("", {}, 0, False):  # what Go has anyway
        del schema["default"]
    if schema.get("type") == "object" and "properties" not in schema and "additionalProperties" not in schema:
        schema["x-kubernetes-preserve-unknown-fields"] = True
    for key in ("x-kubernetes-list-type", "x-kubernetes-list-map-keys"):  # for merging; validated by hand there
        schema.pop(key, None)
    return rebuilt(schema, lambda part, _: native(part))


def amend(schema, change, definitions):
    """Lays one of our rules over a schema: fields by name, everything else as in the schema language."""
    for key, value in change.items():
        if key == "fields":
            for name, part in value.items():
                if name not in schema.get("properties", {}):
                    raise SystemExit(f"the rules name a field '{name}' that is not in {sorted(schema['properties'])}")
                target = schema["properties"][name]
                if "$ref" in target:
                    target = schema["properties"][name] = copy.deepcopy(definitions[target["$ref"]])
                amend(target, part, definitions)
        elif key in ("items", "values"):
            amend(schema["additionalProperties" if key == "values" else key], value, definitions)
        elif key == "rules":
            schema["x-kubernetes-validations"] = [one_rule(rule) for rule in value]
        elif value is None:
            schema.pop(key, None)
        else:
            schema[key] = value


def reachable(kinds, definitions):
    wanted, todo = {}, [kind["schema"] for kind in kinds]
    while todo:
        schema = todo.pop()
        if "$ref" in schema and schema["$ref"] not in wanted:
            wanted[schema["$ref"]] = definitions[schema["$ref"]]
            todo.append(definitions[schema["$ref"]])
        rebuilt(schema, lambda part, name: todo.append(part) or part)
    return dict(sorted(wanted.items()))


def import_kubernetes(paths, go_types, rules_file):
    kinds, definitions = openapi_kinds(paths)
    for name, fields in go_enums(go_types).items():
        for field, (is_list, values) in fields.items():
            part = definitions.get(name, {}).get("properties", {}).get(field)
            if part is not None and "$ref" not in part:
                (part["items"] if is_list else part)["enum"] = values
    for name, change in load_yaml(rules_file)[0].items():
        if name not in definitions:
            raise SystemExit(f"{rules_file}: there is no definition '{name}'")
        names = change.pop("names", None)
        for kind in kinds.values():
            if names and kind["schema"]["$ref"] == name:
                kind["names"] = names
        amend(definitions[name], change, definitions)
    in_order = [kinds[key] for key in sorted(kinds)]
    return in_order, reachable(in_order, definitions)


# ---- out -------------------------------------------------------------------------------------------------------------
def schema_file(source, kinds, definitions):
    if not definitions:
        roots, definitions = share([(kind["kind"], kind["schema"]) for kind in kinds])
        for kind, (_, schema) in zip(kinds, roots):
            kind["schema"] = schema
    lines = ["{", f'"source": {json.dumps(source)},', '"kinds": [']
    lines += [compact(kind) + "," for kind in kinds[:-1]] + [compact(kinds[-1]), "],", '"definitions": {']
    rows = [f"{json.dumps(name)}: {compact(definitions[name])}" for name in sorted(definitions)]
    lines += [row + "," for row in rows[:-1]] + rows[-1:] + ["}", "}"]
    return "\n".join(lines) + "\n"


def json_schemas(folder, paths):
    """One JSON Schema file per kind, named {{.ResourceKind}}-{{.Group}}-{{.ResourceAPIVersion}} in kubeconform's words
    (of the core group it says the version)."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    count = 0
    for path in paths:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        for kind in document["kinds"]:
            schema = kind["schema"]
            root = plain_json_schema(document["definitions"].get(schema.get("$ref"), schema))
            if "properties" in root:  # a CRD need not list what every object has
                root["properties"] = {"apiVersion": {}, "kind": {}, "metadata": {}, **root["properties"]}
            root["definitions"] = {name: plain_json_schema(part) for name, part in
                                   reachable([kind], document["definitions"]).items()}
            name = f"{kind['kind']}-{kind['group'] or kind['version']}-{kind['version']}.json".lower()
            (Path(folder) / name).write_text(compact(root) + "\n", encoding="utf-8")
            count += 1
    return count


def plain_json_schema(schema):
    if "$ref" in schema:
        return {"$ref": "#/definitions/" + schema["$ref"]}
    out = rebuilt({k: v for k, v in schema.items() if not k.startswith("x-") and k not in ("nullable", "default")},
                  lambda part, _: plain_json_schema(part))
    free = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if "properties" in out and out.get("type") == "object" and not free:
        out["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        out.pop("type", None)
    return out


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="+", help="NAME SOURCE FILE…, or with --json-schema the schema files")
    parser.add_argument("--experimental", nargs="+", default=[], help="CRDs of the experimental channel")
    parser.add_argument("--go-types", help="folder of k8s.io/api: enums")
    parser.add_argument("--rules", help="our rules for Kubernetes' own kinds")
    parser.add_argument("--json-schema", metavar="DIR", help="write JSON Schema files instead")
    given = parser.parse_args(arguments)
    if given.json_schema:
        print(f"{json_schemas(given.json_schema, given.words)} schemas", file=sys.stderr)
        return 0
    name, source, *paths = given.words
    if given.go_types:
        kinds, definitions = import_kubernetes(paths, given.go_types, given.rules)
    else:
        kinds, definitions = import_crds(paths, given.experimental)
    text = schema_file(source, kinds, definitions)
    (ROOT / "schemas" / f"{name}.json").write_text(text, encoding="utf-8")
    print(f"schemas/{name}.json: {len(kinds)} kinds, {len(text)} bytes", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
