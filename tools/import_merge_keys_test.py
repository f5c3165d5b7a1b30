#!/usr/bin/env python3
"""What tools/import_merge_keys.py makes of a document."""
import unittest

from import_merge_keys import Document, tables

POD = {"group": "", "version": "v1", "kind": "Pod"}
NODE = {"group": "", "version": "v1", "kind": "Node"}
OLD = {"group": "apps", "version": "v1alpha1", "kind": "Old"}
META = {"metadata": {"$ref": "#/definitions/ObjectMeta"}}


def merged(keys, items):
    return {"type": "array", "items": items, "x-kubernetes-patch-strategy": "merge", "x-kubernetes-list-map-keys": keys}


DOCUMENT = {
    "definitions": {
        "ObjectMeta": {"properties": {"owners": merged(["uid"], {"type": "string"})}},
        "core.Pod": {"x-kubernetes-group-version-kind": [POD],
                     "properties": {**META, "spec": {"$ref": "#/definitions/core.PodSpec"},
                                    "status": {"$ref": "#/definitions/core.PodSpec"}}},
        "core.PodSpec": {"properties": {
            "containers": merged(["name"], {"$ref": "#/definitions/core.Container"}),
            "tolerations": {"type": "array", "items": {"$ref": "#/definitions/core.Container"}}}},
        "core.Container": {"properties": {"ports": merged(["port", "protocol"], {"type": "object"})}},
        "core.Node": {"x-kubernetes-group-version-kind": [NODE], "properties": META},
        "core.Old": {"x-kubernetes-group-version-kind": [OLD], "properties": META},
    },
    "paths": {
        "/namespaces/{namespace}/pods/{name}": {"get": {"x-kubernetes-group-version-kind": POD}},
        "/pods": {"get": {"x-kubernetes-group-version-kind": POD}},
        "/nodes/{name}": {"get": {"x-kubernetes-group-version-kind": NODE}},
        "/olds/{name}": {"get": {"x-kubernetes-group-version-kind": OLD}},
    },
}


class Tables(unittest.TestCase):
    def setUp(self):
        made = tables(Document(DOCUMENT))
        self.fields, self.kinds = ([line for line in made[name].splitlines() if not line.startswith("//")]
                                   for name in ("merge_schema.inc", "kinds.inc"))

    def test_lists_that_merge_and_the_ways_to_them(self):
        self.assertEqual(self.fields, ['FIELD("Container", "ports", "", "port,protocol")',
                                       'FIELD("Object", "metadata", "ObjectMeta", "-")',
                                       'FIELD("ObjectMeta", "owners", "", "uid")',
                                       'FIELD("Pod", "metadata", "ObjectMeta", "-")',
                                       'FIELD("Pod", "spec", "PodSpec", "-")',
                                       'FIELD("PodSpec", "containers", "Container", "name")'])

    def test_kinds_and_where_they_live(self):
        self.assertEqual(self.kinds, ['KIND("Node", "v1", "Object", kCluster)',
                                      'KIND("Pod", "v1", "Pod", kNamespaced)'])


if __name__ == "__main__":
    unittest.main()
