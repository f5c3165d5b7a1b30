#include <fmt/format.h>

#include "monitoring/signals.hpp"

namespace marty::monitoring {

using enum telemetry::MetricId;

namespace {

/// Envoy's name of a cluster of the service, whichever subset:
/// "outbound|8080|v1|pets.shop.svc.cluster.local".
std::string clusters(const mesh::PolicyFile& file) {
  return fmt::format("outbound[|]{}[|][^|]*[|]{}[.]{}[.]svc[.]cluster[.]local", *file.service.port,
                     *file.service.name, *file.ns);
}

/// What a pod's sidecar answers itself (a limit, a denial) has no service's name: it never got so far as to
/// be routed. The pod's own labels are always there.
Selector inbound(telemetry::MetricId id, const mesh::PolicyFile& file) {
  return Selector(id)
      .is("reporter", "destination")
      .is("destination_app", *file.name)
      .is("destination_workload_namespace", *file.ns);
}

Signals::Examples examples(const mesh::PolicyFile& file) {
  const Labels caller{{"source_workload_namespace", "shop"}, {"source_workload", "web"}};
  const auto call = [&](const char* code, const char* flags) {
    Labels labels = caller;
    labels.insert(labels.end(), {{"response_code", code}, {"response_flags", flags}});
    return labels;
  };
  Signals::Examples made;
  made.answer = {{"response_code", "200"}, {"destination_version", "v1"}};
  made.failed_answer = {{"response_code", "503"}, {"destination_version", "v1"}};
  made.slow_answer = {{"destination_version", "v1"}};
  made.call = call("200", "-");
  made.failed_call = call("0", "DC");  // the caller hung up, tired of waiting
  made.uncounted_call = call("503", "DI,FI");
  made.breaker = {{"cluster_name", fmt::format("outbound|{}|v1|{}.{}.svc.cluster.local", *file.service.port,
                                               *file.service.name, *file.ns)},
                  {"namespace", "shop"},
                  {"pod", "web-0"}};
  made.caller = "shop/web";
  made.breaker_caller = "shop/web-0";
  made.target = "v1";
  return made;
}

}  // namespace

Signals istio_signals(const mesh::PolicyFile& file) {
  const auto answered = inbound(kRequests, file);
  // A fault that is injected on purpose ends in the caller's sidecar, with the flag FI among others.
  const auto called = Selector(kRequests)
                          .is("reporter", "source")
                          .is("destination_service_name", *file.service.name)
                          .is("destination_service_namespace", *file.ns)
                          .unlike("response_flags", ".*FI.*");
  const auto cluster = [&](telemetry::MetricId id) {
    return Selector(id).like("cluster_name", clusters(file));
  };
  return {
      .answered = answered,
      .failed = answered.like("response_code", "5.."),
      .latency = inbound(kRequestDuration, file),
      .encrypted = answered.is("connection_security_policy", "mutual_tls"),
      .version = "destination_version",
      .called = called,
      .succeeded = called.like("response_code", "[1-4].."),  // 0: there never was an answer
      .caller_labels = "source_workload_namespace, source_workload",
      .reasons = "response_code, response_flags",
      .breakers = {{"connections", cluster(kBreakerCxOpen)},
                   {"requests", cluster(kBreakerRqOpen)},
                   {"pending", cluster(kBreakerRqPendingOpen)},
                   {"ejection", cluster(kEjectionsActive)}},
      .breaker_target = "cluster_name",
      .breaker_pattern = "outbound[|][0-9]+[|]([^|]*)[|].*",
      .retries = cluster(kUpstreamRqRetry),
      .first_tries = {},
      .rate_limited = inbound(kRequests, file).like("response_flags", ".*RL.*"),
      .examples = examples(file),
  };
}

}  // namespace marty::monitoring
