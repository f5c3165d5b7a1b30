#!/usr/bin/env python3
"""`./dev bench validate`: how long it takes to check generated estates, ours and others', in one run.

Subjects: marty (schemas, decoding, references and every rule), kubeconform (schemas only; given ours as local files)
and istioctl analyze, as far as they are here. Each estate is checked ROUNDS times in turn by every subject; the best
counts. A subject that finds something in an estate, which has no faults, ends the run.
"""
import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "marty"
KUBECONFORM = "github.com/yannh/kubeconform/cmd/kubeconform@v0.7.0"


def say(text):
    print(text, file=sys.stderr, flush=True)


def kubeconform():
    """The program, built once from its Go module; None where that cannot be."""
    program = CACHE / "bin" / "kubeconform"
    if not program.exists() and shutil.which("go"):
        say("bench: building kubeconform")
        subprocess.run(["go", "install", KUBECONFORM], env={**os.environ, "GOBIN": str(program.parent)}, check=False)
    return program if program.exists() else None


def subjects(marty, schemas):
    """(name, command) of all that are here; the estate's folder is added."""
    found = [("marty", [marty, "service-mesh", "validate"])]
    if program := kubeconform():
        where = f"{schemas}/{{{{.ResourceKind}}}}-{{{{.Group}}}}-{{{{.ResourceAPIVersion}}}}.json"
        found.append(("kubeconform", [program, "-strict", "-n", str(os.cpu_count()), "-schema-location", where]))
    else:
        say("bench: no kubeconform (it needs Go); going on without")
    if program := shutil.which("istioctl"):
        found.append(("istioctl", [program, "analyze", "--use-kube=false", "--failure-threshold", "Error"]))
    else:
        say("bench: no istioctl on the PATH; going on without")
    return found


def measure(command):
    """(seconds on the clock, seconds of CPU); ends the run when the command finds fault."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))} exits {done.returncode}:\n{done.stdout.decode()[:2000]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, nargs="+", default=[10, 1000, 10000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--marty", default=str(ROOT / "build" / "marty"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        schemas = Path(work) / "schemas"
        files = sorted((ROOT / "schemas").glob("*.json"))
        importer = [sys.executable, ROOT / "tools" / "import_schemas.py"]
        subprocess.run([*importer, "--json-schema", schemas, *files], check=True, stderr=subprocess.DEVNULL)
        known = subjects(given.marty, schemas)
        print(f"{'objects':>8}  {'subject':12} {'wall ms':>9} {'CPU ms':>9} {'wall ×':>8} {'CPU ×':>8}")
        for count in given.objects:
            estate = Path(work) / f"estate-{count}"
            subprocess.run([sys.executable, ROOT / "tools" / "generate_estate.py", str(count), estate], check=True)
            best = {name: (9e9, 9e9) for name, _ in known}
            for _ in range(given.rounds):
                for name, command in known:
                    best[name] = tuple(map(min, best[name], measure([*command, estate])))
            for name, (wall, cpu) in best.items():
                ours = best["marty"]
                print(f"{count:8}  {name:12} {wall * 1000:9.1f} {cpu * 1000:9.1f} {wall / ours[0]:8.1f} "
                      f"{cpu / ours[1]:8.1f}", flush=True)


if __name__ == "__main__":
    main()
