#!/usr/bin/env python3
"""Loads our sidecars and the field's proxies one after the other, on one machine and in one run.

Everything is started once on loopback; the subjects then take turns under wrk for several rounds, so that a slow minute
of the machine hits all of them. Medians are reported with the spread of the rounds. A rival that is not installed is
reported as skipped. These are measurements, not tests: the exit status is 1 only when a subject that is here failed.
"""
import argparse
import datetime
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from processes import Failed, FreePorts, Processes, cpu_us, machine_ticks, rss_kb
from subjects import HOST, ROOT, SUBJECTS, Bench, start_upstream

# Which rivals each shape is compared to, and what design asks of ours.
RIVALS = {"single": ["haproxy-tcp", "envoy-http"], "pair": ["haproxy-pair", "envoy-pair"]}
TARGETS = {("marty-single", "haproxy-tcp"): 0.9, ("marty-single", "envoy-http"): 0.3,
           ("marty-pair", "haproxy-pair"): 0.8, ("marty-pair", "envoy-pair"): 0.35}
UNITS_US = {"us": 1, "ms": 1000, "s": 1_000_000, "m": 60_000_000}


def parse_wrk(text):
    """The figures of `wrk --latency`, latencies in microseconds; non_2xx counts answers other than 2xx and 3xx."""
    def latency(percent):
        value, unit = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m)\b", text, re.MULTILINE).groups()
        return float(value) * UNITS_US[unit]

    socket_errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    other = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return {
        "requests": int(re.search(r"(\d+) requests in", text)[1]),
        "rps": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        "p50_us": latency(50),
        "p99_us": latency(99),
        "socket_errors": sum(map(int, socket_errors.groups())) if socket_errors else 0,
        "non_2xx": int(other[1]) if other else 0,
    }


def load(url, connections, seconds):
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", f"Host: {HOST}", url],
        capture_output=True, text=True, timeout=seconds + 30, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Failed(f"wrk: {(done.stderr or done.stdout).strip()}")
    return parse_wrk(done.stdout)


def measure(running, connections, seconds):
    before, (total, stolen) = cpu_us(running.pids), machine_ticks()
    figures = load(running.url, connections, seconds)
    if figures["requests"] == 0:
        raise Failed("no request was answered")
    figures["cpu_us_per_request"] = (cpu_us(running.pids) - before) / figures["requests"]
    figures["rss_kb"] = rss_kb(running.pids)
    total_after, stolen_after = machine_ticks()
    figures["steal_percent"] = round(100 * (stolen_after - stolen) / max(total_after - total, 1), 1)
    return figures


def summarize(rounds):
    """Median and spread of each figure; errors are added up, memory is the largest seen."""
    def spread(key):
        values = [one[key] for one in rounds]
        return {"median": statistics.median(values), "min": min(values), "max": max(values)}

    summary = {key: spread(key) for key in ("cpu_us_per_request", "rps", "p50_us", "p99_us", "steal_percent")}
    for key in ("requests", "socket_errors", "non_2xx"):
        summary[key] = sum(one[key] for one in rounds)
    summary["rss_kb"] = max(one["rss_kb"] for one in rounds)
    return summary


def ratios(rows):
    """CPU and p99 of each measured subject over those of its shape's rivals."""
    measured = {row["name"]: row for row in rows if row["status"] == "measured"}
    found = []
    for row in measured.values():
        for rival in RIVALS.get(row["shape"], []):
            if rival in measured and rival != row["name"]:
                ratio = {"subject": row["name"], "against": rival}
                for key, name in (("cpu_us_per_request", "cpu"), ("p99_us", "p99"), ("rps", "rps")):
                    ratio[name] = round(row[key]["median"] / max(measured[rival][key]["median"], 1e-9), 3)
                if target := TARGETS.get((row["name"], rival)):
                    ratio["cpu_target"] = target
                found.append(ratio)
    return found


def table(header, rows):
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]

    def line(row):
        cells = [cell.rjust(width) for cell, width in zip(row, widths)]
        return "  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip()

    return "\n".join([line(header), line(["-" * w for w in widths]), *map(line, rows)])


def report(rows, compared):
    lines, left_out = [], []
    for row in rows:
        if row["status"] != "measured":
            left_out.append(f"{row['name']}: {row['status']}: {row['reason']}")
            continue
        cpu = row["cpu_us_per_request"]
        proxied = row["shape"] != "none"
        lines.append([
            row["name"],
            f"{cpu['median']:.1f}" if proxied else "-",
            f"{cpu['min']:.1f}..{cpu['max']:.1f}" if proxied else "-",
            f"{row['rps']['median']:.0f}",
            f"{row['p50_us']['median'] / 1000:.2f}",
            f"{row['p99_us']['median'] / 1000:.2f}",
            f"{row['rss_kb'] / 1024:.1f}" if proxied else "-",
            str(row["socket_errors"] + row["non_2xx"]),
            f"{row['steal_percent']['median']:.0f}%",
        ])
    header = ["subject", "CPU us/req", "spread", "req/s", "p50 ms", "p99 ms", "RSS MB", "errors", "stolen"]
    parts = [table(header, lines)]
    if compared:
        against = [[f"{r['subject']} / {r['against']}", f"{r['cpu']:.2f}", f"{r['p99']:.2f}", f"{r['rps']:.2f}",
                    f"<= {r['cpu_target']}" if "cpu_target" in r else ""] for r in compared]
        parts.append(table(["ratio", "CPU", "p99", "req/s", "CPU aim"], against))
    return "\n\n".join(parts + (["\n".join(left_out)] if left_out else []))


def run(options, folder):
    processes = Processes(folder)
    bench = Bench(folder, processes, FreePorts())
    rows, live = [], []
    try:
        bench.make_certificates()
        start_upstream(bench)
        for subject in SUBJECTS:
            if options.only and subject.name not in options.only:
                continue
            row = {"name": subject.name, "shape": subject.shape, "what": subject.what, "status": "measured"}
            rows.append(row)
            if subject.program() is None:
                row.update(status="skipped", reason="not installed")
                continue
            try:
                running = subject.start(bench)
                load(running.url, options.connections, options.warmup)
                live.append((row, running, []))
            except Failed as problem:
                row.update(status="failed", reason=str(problem))
        for number in range(options.rounds):
            for row, running, rounds in live:
                print(f"round {number + 1}/{options.rounds}: {row['name']}", file=sys.stderr)
                try:
                    rounds.append(measure(running, options.connections, options.seconds))
                except Failed as problem:
                    row.update(status="failed", reason=str(problem))
        for row, _, rounds in live:
            if row["status"] == "measured":
                row.update(summarize(rounds))
    finally:
        processes.stop()
    return rows


def parse_arguments():
    names = [subject.name for subject in SUBJECTS]
    parser = argparse.ArgumentParser(prog="./dev bench proxy", description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=5, help="length of one measurement (5)")
    parser.add_argument("--rounds", type=int, default=5, help="measurements per subject (5)")
    parser.add_argument("--warmup", type=int, default=1, help="seconds of load before the first (1)")
    parser.add_argument("--connections", type=int, default=50, help="concurrent connections (50)")
    parser.add_argument("--only", type=lambda text: text.split(","), help="some of: " + ",".join(names))
    parser.add_argument("--json", metavar="FILE", default=str(ROOT / ".cache" / "bench-proxy.json"),
                        help="where the figures go (.cache/bench-proxy.json)")
    parser.add_argument("--keep", action="store_true", help="keep configurations and logs, say where")
    options = parser.parse_args()
    if unknown := set(options.only or []) - set(names):
        parser.error(f"no subject {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if min(options.seconds, options.rounds, options.warmup, options.connections) < 1:
        parser.error("seconds, rounds, warmup and connections start at 1")
    return options


def cpu_model():
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def main():
    options = parse_arguments()
    if missing := [name for name in ("wrk", "nginx", "openssl") if not shutil.which(name)]:
        print(f"bench: {', '.join(missing)} not installed; ./dev setup bench installs it", file=sys.stderr)
        return 4
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = tempfile.mkdtemp(prefix="proxy-bench-")
    try:
        rows = run(options, folder)
    except Failed as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted; everything is stopped", file=sys.stderr)
        return 130
    finally:
        if options.keep:
            print(f"bench: configurations and logs are in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    compared = ratios(rows)
    machine = {"cpu": cpu_model(), "cores": os.cpu_count(), "kernel": platform.release()}
    settings = {key: getattr(options, key) for key in ("seconds", "rounds", "warmup", "connections")}
    at = datetime.datetime.now(datetime.timezone.utc).isoformat()
    document = {"schema": "marty/v1", "kind": "proxy-bench", "at": at,
                "machine": machine, "settings": settings, "subjects": rows, "ratios": compared}
    Path(options.json).parent.mkdir(parents=True, exist_ok=True)
    Path(options.json).write_text(json.dumps(document, indent=2) + "\n")
    print(f"{machine['cpu']}, {machine['cores']} cores; wrk -t1 -c{options.connections}, "
          f"{options.rounds} rounds of {options.seconds} s, medians\n")
    print(report(rows, compared))
    print(f"\nbench: figures are in {options.json}", file=sys.stderr)
    return 1 if any(row["status"] == "failed" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
