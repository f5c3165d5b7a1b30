"""check_access_log.py LOG: lines in Istio's default format, and the two that one retried or limited request leaves."""
import re
import sys

FORMAT = re.compile(
    r'\[(?P<start>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\] '
    r'"(?P<method>[A-Z]+) (?P<path>\S+) (?P<protocol>HTTP/1\.1)" (?P<code>\d{3}) (?P<flags>\S+) (?P<details>\S+) '
    r'(?P<termination>\S+) "(?P<failure>[^"]*)" '
    r'(?P<received>\d+) (?P<sent>\d+) (?P<duration>\d+) (?P<service_time>\d+|-) '
    r'"(?P<forwarded>[^"]*)" "(?P<agent>[^"]*)" "(?P<id>[^"]*)" "(?P<authority>[^"]*)" "(?P<upstream>[^"]*)" '
    r'(?P<cluster>\S+) (?P<upstream_local>\S+) (?P<local>\S+) (?P<remote>\S+) (?P<server_name>\S+) (?P<route>\S+)')


def main():
    lines = [line.rstrip("\n") for line in open(sys.argv[1]) if line.startswith("[")]
    read = [FORMAT.fullmatch(line) for line in lines]
    for line, match in zip(lines, read):
        if not match:
            sys.exit(f"not in Istio's format: {line}")
    entries = [match.groupdict() for match in read]
    calls = {}
    for entry in entries:
        calls.setdefault(entry["id"], []).append(entry)
    limited = [call for call in calls.values() if any(e["flags"] == "RL" for e in call)]
    if len(limited) != 60:
        sys.exit(f"expected 60 requests with flag RL, saw {len(limited)}")
    inbound, outbound = limited[0]
    for key, expected, seen in (
            ("details", "local_rate_limited", inbound["details"]), ("details", "via_upstream", outbound["details"]),
            ("code", "429", inbound["code"]), ("code", "429", outbound["code"]),
            ("route", "canary-read", outbound["route"]),
            ("server name", "outbound_.8080_.v2_.petstore-domain-service.petstore-domain.svc.cluster.local",
             inbound["server_name"])):
        if expected != seen:
            sys.exit(f"{key}: expected {expected}, saw {seen}")
    print(f"ok: {len(entries)} access log lines in Istio's format; both sides of a call share its request id")


main()
