"""Starting, watching and stopping the processes under test. Linux only; standard library only."""
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

TICK_US = 1_000_000 // os.sysconf("SC_CLK_TCK")
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


class Failed(Exception):
    """A subject that is installed but does not come up."""


class FreePorts:
    """Ports nobody listens on now; never the same one twice."""

    def __init__(self):
        self.given = set()

    def take(self):
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            if port not in self.given:
                self.given.add(port)
                return port


def stat_fields(pid):
    """Fields of /proc/PID/stat from the third on, or None when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()


def with_descendants(pids):
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := stat_fields(entry)):
            parents.setdefault(int(fields[1]), []).append(int(entry))
    found, ahead = [], list(pids)
    while ahead:
        pid = ahead.pop()
        found.append(pid)
        ahead += parents.get(pid, [])
    return found


def cpu_us(pids):
    """User and system time these processes have used so far, all threads included."""
    used = [stat_fields(pid) for pid in pids]
    return sum((int(fields[11]) + int(fields[12])) * TICK_US for fields in used if fields)


def machine_ticks():
    """(all time, time the hypervisor gave to somebody else) over all cores; the second explains a bad round."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return sum(ticks), ticks[7]


def rss_kb(pids):
    held = [stat_fields(pid) for pid in pids]
    return sum(int(fields[21]) * PAGE_KB for fields in held if fields)


class Processes:
    """Everything started here is in its own process group and is stopped, whole groups, by stop()."""

    def __init__(self, logs):
        self.logs, self.running = Path(logs), []

    def start(self, name, command, environment=None):
        log = self.logs / f"{name}.log"
        with open(log, "wb") as out:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                env={**os.environ, **(environment or {})},
            )
        process.log = log
        self.running.append(process)
        return process

    def stop(self, patience=3.0):
        for process in self.running:
            signal_group(process, signal.SIGTERM)
        until = time.monotonic() + patience
        for process in self.running:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            signal_group(process, signal.SIGKILL)
            process.wait()
        self.running.clear()


def signal_group(process, number):
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass


def tail(log, lines=4):
    return " | ".join(log.read_text(errors="replace").strip().splitlines()[-lines:]) or "no output"


def wait_until(ready, processes, what, patience=20.0):
    """Polls `ready` until it is true; gives up when a process ends or the patience does."""
    until = time.monotonic() + patience
    while not ready():
        for process in processes:
            if process.poll() is not None:
                raise Failed(f"{what} ended with status {process.returncode}: {tail(process.log)}")
        if time.monotonic() > until:
            raise Failed(f"{what} did not answer within {patience:.0f} s: {tail(processes[0].log)}")
        time.sleep(0.02)
