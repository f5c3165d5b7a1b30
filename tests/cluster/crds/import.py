#!/usr/bin/env python3
"""import.py OUT_DIR CRD.yaml…: writes each definition again with its names and constraints only, without its prose.

Linkerd and SMI publish their definitions in charts, which no package registry holds, so this folder keeps what a server
needs of them. Wants python3-yaml. Upstream: linkerd2 after 2.20 and linkerd-smi 0.2.7, both under Apache-2.0.
"""
import sys
from pathlib import Path

import yaml

PROSE = {"description", "deprecationWarning", "externalDocs"}


def bare(node, names=False):
    """`names`: the keys of this mapping are field names of the resource, so none of them is prose."""
    if isinstance(node, list):
        return [bare(item) for item in node]
    if not isinstance(node, dict):
        return node
    rule = "rule" in node  # of x-kubernetes-validations; the server words its own message without one
    return {key: bare(value, names=key == "properties" and not names)
            for key, value in node.items() if names or not (key in PROSE or rule and key == "message")}


def main():
    out = Path(sys.argv[1])
    for path in map(Path, sys.argv[2:]):
        for crd in filter(None, yaml.safe_load_all(path.read_text())):
            crd["metadata"] = {"name": crd["metadata"]["name"]}
            text = yaml.safe_dump(bare(crd), sort_keys=False, width=118, default_flow_style=None)
            (out / f"{crd['metadata']['name']}.yaml").write_text(text)


main()
