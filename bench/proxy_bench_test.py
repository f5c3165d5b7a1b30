#!/usr/bin/env python3
"""What the bench does with figures; the load itself is no test."""
import subprocess
import sys
import tempfile
import unittest

import processes
import proxy_bench

WRK = """Running 2s test @ http://127.0.0.1:1/
  1 threads and 50 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.02ms    2.11ms  30.00ms   96.00%
    Req/Sec    48.10k     2.00k   51.00k    70.00%
  Latency Distribution
     50%  710.00us
     75%    1.10ms
     90%    1.50ms
     99%   17.90ms
  95703 requests in 2.00s, 24.36MB read
  Socket errors: connect 1, read 2, write 3, timeout 4
  Non-2xx or 3xx responses: 7
Requests/sec:  47851.50
Transfer/sec:     12.18MB
"""


def row(name, shape, cpu):
    figures = {key: {"median": cpu, "min": cpu, "max": cpu}
               for key in ("cpu_us_per_request", "rps", "p50_us", "p99_us", "steal_percent")}
    return {"name": name, "shape": shape, "status": "measured", "rss_kb": 2048, "socket_errors": 0, "non_2xx": 3,
            **figures}


class ProxyBenchTest(unittest.TestCase):
    def test_wrk_output(self):
        self.assertEqual(proxy_bench.parse_wrk(WRK), {
            "requests": 95703, "rps": 47851.5, "p50_us": 710, "p99_us": 17900, "socket_errors": 10, "non_2xx": 7})
        without = WRK.replace("  Socket errors: connect 1, read 2, write 3, timeout 4\n", "")
        self.assertEqual(proxy_bench.parse_wrk(without)["socket_errors"], 0)

    def test_summary_is_the_median_round(self):
        rounds = [{"cpu_us_per_request": cpu, "rps": 1, "p50_us": 1, "p99_us": 1, "steal_percent": 0, "requests": 10,
                   "socket_errors": 1, "non_2xx": 0, "rss_kb": cpu} for cpu in (9, 30, 10)]
        summary = proxy_bench.summarize(rounds)
        self.assertEqual(summary["cpu_us_per_request"], {"median": 10, "min": 9, "max": 30})
        self.assertEqual((summary["requests"], summary["socket_errors"], summary["rss_kb"]), (30, 3, 30))

    def test_ratios_compare_within_a_shape_and_name_the_aim(self):
        rows = [row("haproxy-tcp", "single", 10.0), row("marty-single", "single", 8.0), row("marty-pair", "pair", 20.0),
                {"name": "envoy-pair", "shape": "pair", "status": "skipped", "reason": "not installed"}]
        found = proxy_bench.ratios(rows)
        self.assertEqual([(r["subject"], r["against"], r["cpu"], r["cpu_target"]) for r in found],
                         [("marty-single", "haproxy-tcp", 0.8, 0.9)])
        text = proxy_bench.report(rows, found)
        self.assertIn("envoy-pair: skipped: not installed", text)
        self.assertRegex(text, r"marty-single / haproxy-tcp +0.80 .*<= 0.9")

    def test_processes_are_stopped_with_their_children(self):
        with tempfile.TemporaryDirectory() as folder:
            started = processes.Processes(folder)
            parent = started.start("parent", ["sh", "-c", "sleep 60 & echo up; wait"])
            processes.wait_until(lambda: b"up" in parent.log.read_bytes(), [parent], "parent")
            family = processes.with_descendants([parent.pid])
            self.assertEqual(len(family), 2)
            started.stop()
            self.assertNotEqual(parent.returncode, None)
            alive = [fields for fields in map(processes.stat_fields, family) if fields and fields[0] != "Z"]
            self.assertEqual(alive, [])

    def test_a_process_that_ends_is_told_with_its_last_words(self):
        with tempfile.TemporaryDirectory() as folder:
            started = processes.Processes(folder)
            process = started.start("brief", ["sh", "-c", "echo no such port; exit 3"])
            with self.assertRaisesRegex(processes.Failed, "brief ended with status 3: no such port"):
                processes.wait_until(lambda: False, [process], "brief")
            started.stop()

    def test_cpu_time_counts_what_was_burnt(self):
        code = "import time\nwhile time.process_time() < 0.2: pass\ninput()"
        with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
            processes.wait_until(lambda: processes.cpu_us([process.pid]) >= 190_000, [], "the loop")
            self.assertGreater(processes.rss_kb([process.pid]), 1000)
            process.communicate(b"\n")


if __name__ == "__main__":
    unittest.main()
