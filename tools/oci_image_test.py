#!/usr/bin/env python3
"""Layouts of a made-up program: what a reader checks before it trusts an image."""
import gzip
import hashlib
import io
import json
import struct
import tarfile
import tempfile
import unittest
from pathlib import Path

import oci_image

PT_LOAD, PT_INTERP = 1, 3


def elf(machine, *segments):
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56,
                                                               len(segments), 0, 0, 0)
    return head + b"".join(struct.pack("<I", kind).ljust(56, b"\0") for kind in segments)


class OciImage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, program=elf(0x3E, PT_LOAD)):
        oci_image.write_image("petstore-domain", oci_image.images()["petstore-domain"], program, self.folder / name)
        return self.folder / name

    def read(self, layout, descriptor):
        content = (layout / "blobs" / "sha256" / descriptor["digest"].removeprefix("sha256:")).read_bytes()
        self.assertEqual(descriptor["digest"], "sha256:" + hashlib.sha256(content).hexdigest())
        self.assertEqual(descriptor["size"], len(content))
        return content

    def test_every_blob_is_what_its_descriptor_says(self):
        layout = self.write("one")
        index = json.loads((layout / "index.json").read_text())
        manifest = json.loads(self.read(layout, index["manifests"][0]))
        config = json.loads(self.read(layout, manifest["config"]))
        tar = gzip.decompress(self.read(layout, manifest["layers"][0]))
        self.assertEqual(config["rootfs"]["diff_ids"], ["sha256:" + hashlib.sha256(tar).hexdigest()])
        self.assertEqual(config["architecture"], "amd64")
        self.assertEqual(len(list((layout / "blobs" / "sha256").iterdir())), 3)

    def test_the_file_system_is_the_program_its_user_and_nothing_else(self):
        layout = self.write("one")
        index = json.loads((layout / "index.json").read_text())
        manifest = json.loads(self.read(layout, index["manifests"][0]))
        with tarfile.open(fileobj=io.BytesIO(self.read(layout, manifest["layers"][0]))) as tar:
            entries = {entry.name: entry for entry in tar}
        self.assertEqual(list(entries), ["etc", "etc/group", "etc/passwd", "data", "tmp", "usr", "usr/bin",
                                         "usr/bin/petstore-domain"])
        self.assertEqual({entry.mtime for entry in entries.values()}, {0})
        self.assertEqual({name for name, entry in entries.items() if entry.uid != 0}, {"data"})
        self.assertEqual({name for name, entry in entries.items() if entry.mode & 0o002}, {"tmp"})

    def test_the_same_program_gives_the_same_image_and_replaces_the_old_one(self):
        before = (self.write("one") / "index.json").read_bytes()
        self.assertEqual((self.write("two") / "index.json").read_bytes(), before)
        self.assertNotEqual((self.write("two", elf(0xB7, PT_LOAD)) / "index.json").read_bytes(), before)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["one", "two"])

    def test_a_program_that_needs_a_loader_is_refused(self):
        for program in (elf(0x3E, PT_LOAD, PT_INTERP), b"#!/bin/sh\n"):
            with self.assertRaises(SystemExit):
                self.write("one", program)
            self.assertFalse((self.folder / "one").exists())


if __name__ == "__main__":
    unittest.main()
