#!/usr/bin/env python3
"""Tests of tools/import_schemas.py, and of what it wrote: schemas/*.json."""
import json
import tempfile
import unittest
from pathlib import Path

import import_schemas as importer


class Strip(unittest.TestCase):
    def test_prose_goes_and_constraints_stay(self):
        schema = {"type": "object", "description": "prose", "required": ["a"], "example": 5, "properties": {
            "a": {"type": "string", "description": "prose", "pattern": "^x"}}}
        self.assertEqual(importer.strip(schema), {"type": "object", "required": ["a"], "properties": {
            "a": {"type": "string", "pattern": "^x"}}})

    def test_rules_get_our_words_and_those_about_changes_go(self):
        schema = {"type": "string", "x-kubernetes-validations": [
            {"rule": "duration(self)\n  >= duration('1ms')", "message": "theirs"}, {"rule": "self == oldSelf"}]}
        self.assertEqual(importer.strip(schema)["x-kubernetes-validations"], [
            {"rule": "duration(self) >= duration('1ms')", "says": "a duration of at least 1ms is needed here"}])

    def test_a_rule_without_words_is_refused(self):
        with self.assertRaises(SystemExit):
            importer.strip({"x-kubernetes-validations": [{"rule": "self.nobody == 'told us'"}]})

    def test_a_reference_beside_a_description(self):
        self.assertEqual(importer.strip({"allOf": [{"$ref": "#/x/Y"}], "description": "prose"}, importer.short_name),
                         {"$ref": "Y"})


class Share(unittest.TestCase):
    LARGE = {"type": "object", "properties": {name: {"type": "string", "maxLength": 63} for name in "abcd"}}

    def test_equal_parts_are_written_once(self):
        roots = [("One", {"properties": {"x": self.LARGE}}), ("Two", {"properties": {"y": self.LARGE}})]
        shared, definitions = importer.share(roots)
        self.assertEqual(definitions, {"One.x": self.LARGE})
        self.assertEqual([root["properties"] for _, root in shared],
                         [{"x": {"$ref": "One.x"}}, {"y": {"$ref": "One.x"}}])

    def test_small_and_single_parts_stay_where_they_are(self):
        roots = [("One", {"properties": {"x": self.LARGE, "y": {"type": "string"}, "z": {"type": "string"}}})]
        self.assertEqual(importer.share(roots), (roots, {}))


class Experimental(unittest.TestCase):
    def test_only_what_the_standard_lacks_is_marked(self):
        wide = {"properties": {"a": {"type": "object", "properties": {"new": {}}}, "b": {"type": "string"}}}
        importer.mark_experimental(wide, {"properties": {"a": {"type": "object", "properties": {}}}})
        self.assertEqual(wide["properties"]["a"], {"type": "object", "properties": {"new": {"x-experimental": True}}})
        self.assertTrue(wide["properties"]["b"]["x-experimental"])


class Amend(unittest.TestCase):
    def test_parts_change_and_referred_ones_are_copied(self):
        definitions = {"Port": {"type": "integer", "format": "int32"}}
        schema = {"properties": {"port": {"$ref": "Port"}, "names": {"items": {"type": "string"}}},
                  "required": ["port"]}
        importer.amend(schema, {"required": None, "fields": {"port": {"minimum": 1},
                                                             "names": {"items": {"format": "ip"}}}}, definitions)
        self.assertEqual(schema, {"properties": {"port": {"type": "integer", "format": "int32", "minimum": 1},
                                                 "names": {"items": {"type": "string", "format": "ip"}}}})
        self.assertEqual(definitions, {"Port": {"type": "integer", "format": "int32"}})

    def test_a_field_that_is_not_there_is_refused(self):
        with self.assertRaises(SystemExit):
            importer.amend({"properties": {"a": {}}}, {"fields": {"b": {}}}, {})


class Written(unittest.TestCase):
    FILES = sorted((importer.ROOT / "schemas").glob("*.json"))

    def test_every_file_names_its_source_and_holds_together(self):
        self.assertGreaterEqual(len(self.FILES), 6)
        for path in self.FILES:
            document = json.loads(path.read_text())
            self.assertRegex(document["source"], r" \S*\d")  # a version
            importer.reachable(document["kinds"], document["definitions"])  # no reference leads nowhere
            self.assertFalse('"description":"' in path.read_text(), f"{path.name} has prose")

    def test_the_bytes_are_those_that_the_importer_writes(self):
        for path in self.FILES:
            document = json.loads(path.read_text())
            again = importer.schema_file(document["source"], document["kinds"], document["definitions"])
            self.assertTrue(again == path.read_text(), path.name)

    def test_they_become_json_schemas(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertGreater(importer.json_schemas(folder, self.FILES), 100)
            service = json.loads((Path(folder) / "service-v1-v1.json").read_text())
            self.assertFalse(service["definitions"]["core.v1.ServicePort"]["additionalProperties"])


if __name__ == "__main__":
    unittest.main()
