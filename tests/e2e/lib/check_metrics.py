"""check_metrics.py PAGE: Istio's and Envoy's metrics after metrics.sh's requests, read from a Prometheus page."""
import re
import sys

LINE = re.compile(r'(\w+)\{(.*)\} (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
SERVICE = "petstore-domain-service.petstore-domain.svc.cluster.local"
CALLER = "spiffe://cluster.local/ns/petstore-domain/sa/petstore-client"
CALLED = "spiffe://cluster.local/ns/petstore-domain/sa/petstore-domain"
BUCKETS = "0.5 1 5 10 25 50 100 250 500 1000 2500 5000 10000 30000 60000 300000 600000 1800000 3600000 +Inf".split()


def read(path):
    series = []
    for line in open(path):
        if not line.startswith("#"):
            name, labels, value = LINE.match(line).groups()
            series.append((name, dict(LABEL.findall(labels)), float(value)))
    return series


def expect(claim, expected, seen):
    if expected != seen:
        sys.exit(f"{claim}: expected {expected}, saw {seen}")
    print(f"ok: {claim}" + ("" if isinstance(seen, list) else f": {seen:g}"))


def main():
    series = read(sys.argv[1])

    def total(name, **wanted):
        return sum(v for n, labels, v in series if n == name and wanted.items() <= labels.items())

    both = {"destination_service": SERVICE, "destination_service_name": "petstore-domain-service",
            "destination_workload": "petstore-domain-v2", "destination_version": "v2",
            "destination_app": "petstore-domain",
            "destination_workload_namespace": "petstore-domain", "destination_service_namespace": "petstore-domain",
            "destination_canonical_service": "petstore-domain", "destination_canonical_revision": "v2",
            "source_principal": CALLER, "destination_principal": CALLED, "request_protocol": "http"}
    source = dict(both, reporter="source", connection_security_policy="unknown")
    target = dict(both, reporter="destination", connection_security_policy="mutual_tls")
    expect("requests the caller's sidecar reports", 200, total(
        "istio_requests_total", response_code="200", response_flags="-", **source))
    expect("requests the pod's sidecar reports", 200, total(
        "istio_requests_total", response_code="200", response_flags="-", **target))
    expect("429 at the caller's sidecar", 60, total("istio_requests_total", response_code="429", **source))
    expect("429 at the pod's sidecar, flag RL", 60, total(
        "istio_requests_total", response_code="429", response_flags="RL", reporter="destination"))

    name = "istio_request_duration_milliseconds"
    for reporter in (source, target):
        wanted = dict(reporter, response_code="200")
        buckets = [(labels["le"], v) for n, labels, v in series
                   if n == name + "_bucket" and wanted.items() <= labels.items()]
        expect(f"Istio's duration buckets ({reporter['reporter']})", BUCKETS, [le for le, _ in buckets])
        counts = [v for _, v in buckets]
        expect("they are cumulative", sorted(counts), counts)
        expect("and end at the count", total(name + "_count", **wanted), counts[-1])

    limiter = "envoy_http_local_rate_limiter_http_local_rate_limit_"
    pod = {"proxy": "petstore-domain-v2-0 inbound 8080"}
    for counter, value in ("enabled", 260), ("ok", 200), ("rate_limited", 60), ("enforced", 60):
        expect(limiter + counter, value, total(limiter + counter, **pod))


main()
