#!/usr/bin/env python3
"""Writes the tables by which src/kustomize merges lists, from the OpenAPI document that kustomize v5 carries.

For those who work on marty:

  go mod download -json k8s.io/kubernetes@v1.21.2     # its Dir: K below
  tools/import_merge_keys.py $K/api/openapi-spec/swagger.json [--check]
"""
import json
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "src/kustomize"
FIELDS_HEAD = """\
// Lists that a strategic merge matches item by item: the type, its field, the type of the values, the merge keys
// ("" for a list of plain values, "-" for what is no such list but leads to one). Facts of the Kubernetes 1.21.2
// OpenAPI document, which is what kustomize v5 carries (x-kubernetes-patch-strategy, x-kubernetes-list-map-keys).
"""
KINDS_HEAD = """\
// The kinds of that document: kind, apiVersion, its type in merge_schema.inc, and whether it lives in a namespace.
"""


def short(name):
    return name.rsplit(".", 1)[-1]


def reference(schema):
    return schema.get("$ref", "").rsplit("/", 1)[-1]


class Document:
    def __init__(self, document):
        self.definitions = document["definitions"]
        self.paths = document["paths"]
        self.known = {}

    def fields(self, name):
        """(field, type of the values, merge keys) of a definition; empty when no list below it is merged."""
        if name not in self.known:
            self.known[name] = []  # a type that holds itself leads nowhere by that
            properties = self.definitions.get(name, {}).get("properties", {})
            # Nobody patches what a server says of an object.
            rows = (self.field(field, schema) for field, schema in sorted(properties.items()) if field != "status")
            self.known[name] = [row for row in rows if row]
        return self.known[name]

    def field(self, name, schema):
        below = reference(schema if "$ref" in schema else schema.get("items", {}))
        below = below if self.fields(below) else ""
        if schema.get("type") != "array":
            return (name, below, "-") if below else None
        if "merge" not in schema.get("x-kubernetes-patch-strategy", "").split(","):
            return None
        keys = schema.get("x-kubernetes-list-map-keys") or [schema.get("x-kubernetes-patch-merge-key", "")]
        return name, below, ",".join(keys)

    def row_type(self, name):
        """What the tables call a definition: one name for all of which only the metadata has lists to merge."""
        return "Object" if [row[0] for row in self.fields(name)] == ["metadata"] else short(name)

    def kinds(self):
        for name, schema in self.definitions.items():
            for kind in schema.get("x-kubernetes-group-version-kind", []):
                version = "/".join(filter(None, (kind["group"], kind["version"])))
                scope = self.scope(kind)
                if scope and "alpha" not in version:  # kustomize's is of a server that has none switched on
                    yield kind["kind"], version, name, scope

    def scope(self, kind):
        """As kustomize tells it: what can be read by its name outside namespaces. None: no path is about the kind."""
        found = None
        for path, verbs in self.paths.items():
            about = [verb for verb, operation in verbs.items()
                     if verb in ("get", "post") and operation.get("x-kubernetes-group-version-kind") == kind]
            if "get" in about and path.endswith("/{name}") and "{namespace}" not in path:
                return "kCluster"
            found = "kNamespaced" if about else found
        return found


def tables(document):
    kinds = sorted(document.kinds())
    reached, rows = set(), []
    waiting = [name for _, _, name, _ in kinds]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        for field, below, keys in document.fields(name):
            values = below and document.row_type(below)
            rows.append(f'FIELD("{document.row_type(name)}", "{field}", "{values}", "{keys}")\n')
            waiting += [below] if below else []
    lines = [f'KIND("{kind}", "{version}", "{document.row_type(name)}", {scope})\n'
             for kind, version, name, scope in kinds]
    return {"merge_schema.inc": FIELDS_HEAD + "".join(sorted(set(rows))), "kinds.inc": KINDS_HEAD + "".join(lines)}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        made = tables(Document(json.load(file)))
    for name, text in made.items():
        path = FOLDER / name
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path} is not what {sys.argv[1]} says")


if __name__ == "__main__":
    main()
