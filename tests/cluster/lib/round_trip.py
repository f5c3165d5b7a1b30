"""round_trip.py WRITTEN KEPT: each field of each object in WRITTEN is in KEPT as it was written; both are JSON streams.

A server may add (defaults, status, what it knows) and nothing else: a field that it drops was never understood, and one
that it rewrites would show as drift for ever.
"""
import json
import sys


def objects(path):
    text, decoder = open(path).read().strip(), json.JSONDecoder()
    while text:
        one, end = decoder.raw_decode(text)
        text = text[end:].strip()
        yield from one["items"] if one["kind"] == "List" else [one]


def name(one):
    return "/".join((one["apiVersion"], one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]))


def changes(written, kept, place):
    if isinstance(written, dict) and isinstance(kept, dict):
        for key, value in written.items():
            if key not in kept:
                yield f"{place}.{key}: dropped"
            else:
                yield from changes(value, kept[key], f"{place}.{key}")
    elif isinstance(written, list) and isinstance(kept, list) and len(written) == len(kept):
        for index, (before, after) in enumerate(zip(written, kept)):
            yield from changes(before, after, f"{place}[{index}]")
    elif written != kept or isinstance(written, bool) != isinstance(kept, bool):
        yield f"{place}: wrote {json.dumps(written)}, the server keeps {json.dumps(kept)}"


def main():
    kept = {name(one): one for one in objects(sys.argv[2])}
    written = list(objects(sys.argv[1]))
    found = [change for one in written for change in changes(one, kept.get(name(one)), name(one))]
    print("\n".join(found) or f"{len(written)} objects kept as they were written")
    sys.exit(1 if found or not written else 0)


main()
