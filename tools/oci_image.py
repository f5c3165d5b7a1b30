#!/usr/bin/env python3
"""oci_image.py PROGRAM… [--from DIR] [--to DIR]: container images without a container engine, as OCI layouts.

Each image is one static program, a user that is not root, and nothing else: no shell, no library. The same program
gives the same digest: no time, owner or order of the building machine enters. The architecture is the program's own, so
an image for another one is made on such a machine. Format: the OCI image specification 1.0.
"""
import argparse
import gzip
import hashlib
import io
import json
import re
import shutil
import struct
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
USER = 65532  # a number, so that Kubernetes can see by itself that runAsNonRoot holds
ARCHITECTURES = {0x3E: "amd64", 0xB7: "arm64", 0xF3: "riscv64"}  # ELF's e_machine -> Go's names, which OCI uses


def first(pattern, file):
    return re.search(pattern, (ROOT / file).read_text(), re.MULTILINE)[1]


def images():
    """What there is to make: the name, and what differs between the configurations."""
    return {
        "petstore-domain": {
            "tag": first(r"^ +image: petstore-domain:(\S+)", "plugins/petstore_domain/mesh.yaml"),
            "description": "The petstore of the Marty Microservices Framework",
            # Reachable from outside of the pod; /data is what a volume is mounted on to keep the pets.
            "config": {"Env": ["PETSTORE_HOST=0.0.0.0", "PETSTORE_STORE=sqlite:/data/petstore.db"],
                       "ExposedPorts": {"8080/tcp": {}, "9000/tcp": {}}, "Volumes": {"/data": {}}},
            "folders": {"data": 0o700},
        },
        "marty": {
            "tag": first(r"^project\(marty VERSION (\S+)", "CMakeLists.txt"),
            "description": "Generates, validates, runs and explains service-mesh manifests",
            "config": {"Env": ["HOME=/data"], "WorkingDir": "/data"},
            "folders": {"data": 0o755},
        },
    }


def architecture(program):
    """Of a static ELF program; anything else would not start in an image that holds nothing but it."""
    head = program[:64]
    if head[:6] != b"\x7fELF\x02\x01":
        sys.exit("oci_image.py: not a 64-bit little-endian ELF program")
    offset, (size, count) = struct.unpack_from("<Q", head, 32)[0], struct.unpack_from("<HH", head, 54)
    kinds = [struct.unpack_from("<I", program, offset + index * size)[0] for index in range(count)]
    if 3 in kinds:  # PT_INTERP
        sys.exit("oci_image.py: the program needs a dynamic loader, and the image will hold none; link it statically")
    return ARCHITECTURES[struct.unpack_from("<H", head, 18)[0]]


def layer(name, program, folders):
    """The file system, as a tar archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        def add(path, mode, content=None, owner=0):
            entry = tarfile.TarInfo(path)
            entry.mode, entry.uid, entry.gid, entry.mtime = mode, owner, owner, 0
            entry.type, entry.size = (tarfile.DIRTYPE, 0) if content is None else (tarfile.REGTYPE, len(content))
            tar.addfile(entry, None if content is None else io.BytesIO(content))

        add("etc", 0o755)
        add("etc/group", 0o644, f"root:x:0:\nnonroot:x:{USER}:\n".encode())
        add("etc/passwd", 0o644, f"root:x:0:0::/:/\nnonroot:x:{USER}:{USER}::/tmp:/\n".encode())
        for folder, mode in sorted(folders.items()):
            add(folder, mode, owner=USER)
        add("tmp", 0o1777)
        add("usr", 0o755)
        add("usr/bin", 0o755)
        add(f"usr/bin/{name}", 0o755, program)
    return out.getvalue()


class Layout:
    """A folder of blobs named by their digests. It appears under its name whole, or not at all."""

    def __init__(self, target):
        self.target, self.making = target, target.with_name(f".{target.name}.making")
        shutil.rmtree(self.making, ignore_errors=True)
        (self.making / "blobs" / "sha256").mkdir(parents=True)

    def blob(self, kind, content):
        digest = hashlib.sha256(content).hexdigest()
        (self.making / "blobs" / "sha256" / digest).write_bytes(content)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(content)}

    def finish(self, index):
        (self.making / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}\n')
        (self.making / "index.json").write_bytes(encoded(index))
        shutil.rmtree(self.target, ignore_errors=True)
        self.making.rename(self.target)


def encoded(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def write_image(name, image, program, target):
    platform = {"architecture": architecture(program), "os": "linux"}
    tar = layer(name, program, image["folders"])
    layout = Layout(target)
    labels = {"org.opencontainers.image.title": name, "org.opencontainers.image.version": image["tag"],
              "org.opencontainers.image.description": image["description"]}
    config = layout.blob("config.v1+json", encoded({
        **platform, "created": "1970-01-01T00:00:00Z",
        "config": {"User": f"{USER}:{USER}", "Entrypoint": [f"/usr/bin/{name}"], "Labels": labels, **image["config"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}"]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "./dev image"}]}))
    layers = [layout.blob("layer.v1.tar+gzip", gzip.compress(tar, mtime=0))]
    manifest = layout.blob("manifest.v1+json", encoded({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config,
        "layers": layers, "annotations": labels}))
    # The second name is for containerd: how `image: NAME:TAG` of a Deployment is spelled in full.
    names = {"org.opencontainers.image.ref.name": image["tag"],
             "io.containerd.image.name": f"docker.io/library/{name}:{image['tag']}"}
    layout.finish({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                   "manifests": [{**manifest, "platform": platform, "annotations": names}]})
    packed = layers[0]["size"] / 1e6
    return (f"{target}:{image['tag']}  linux/{platform['architecture']}  {packed:.1f} MB packed, "
            f"{len(tar) / 1e6:.1f} MB unpacked  {manifest['digest']}")


def say_how_to_load(name, tag, layout):
    image, archive = f"{name}:{tag}", f"{name}.tar"
    print(f"""to an engine:   skopeo copy oci:{layout} docker-daemon:{image}
to kind:        skopeo copy oci:{layout} docker-archive:{archive}:{image} && kind load image-archive {archive}
to a registry:  skopeo copy oci:{layout} docker://REGISTRY/{image}""", file=sys.stderr)


def main():
    known = images()
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("programs", nargs="*", default=list(known), metavar="PROGRAM", help=", ".join(known))
    arguments.add_argument("--from", dest="source", type=Path, default=Path("build-image"), help="where programs are")
    arguments.add_argument("--to", type=Path, default=Path("build-image/oci"), help="where layouts go")
    given = arguments.parse_args()
    for name in given.programs:
        if name not in known:
            sys.exit(f"oci_image.py: no image {name}; there are: {', '.join(known)}")
    given.to.mkdir(parents=True, exist_ok=True)
    for name in given.programs:
        print(write_image(name, known[name], (given.source / name).read_bytes(), given.to / name))
    say_how_to_load(given.programs[0], known[given.programs[0]]["tag"], given.to / given.programs[0])


if __name__ == "__main__":
    main()
