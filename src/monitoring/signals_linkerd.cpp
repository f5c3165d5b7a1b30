#include <fmt/format.h>

#include "monitoring/signals.hpp"

namespace marty::monitoring {

using enum telemetry::MetricId;

namespace {

/// The service's own proxies, known by the labels their PodMonitor puts on them. Probes are the kubelet's.
Selector inbound(telemetry::MetricId id, const mesh::PolicyFile& file) {
  return Selector(id)
      .is("direction", "inbound")
      .is("namespace", *file.ns)
      .is("app", *file.name)
      .is("target_port", std::to_string(*file.service.port))
      .is_not("route_name", "probe");
}

Selector of_parent(telemetry::MetricId id, const mesh::PolicyFile& file) {
  return Selector(id)
      .is("parent_kind", "Service")
      .is("parent_namespace", *file.ns)
      .is("parent_name", *file.service.name);
}

Selector of_profile(telemetry::MetricId id, const mesh::PolicyFile& file) {
  return Selector(id)
      .is("direction", "outbound")
      .is("dst", fmt::format("{}.{}.svc.cluster.local:{}", *file.service.name, *file.ns, *file.service.port));
}

Signals::Examples examples(const mesh::PolicyFile& file) {
  const Labels caller{{"namespace", "shop"}, {"workload", "web"}};
  const auto with = [](Labels labels, const Labels& more) {
    labels.insert(labels.end(), more.begin(), more.end());
    return labels;
  };
  const Labels version{{"version", "v1"}, {"route_name", "http"}};
  Signals::Examples made;
  made.answer = with(version, {{"classification", "success"}});
  made.failed_answer = with(version, {{"classification", "failure"}});
  made.slow_answer = version;
  made.uncounted_answer = Labels{{"version", "v1"}, {"route_name", "probe"}, {"classification", "failure"}};
  if (*file.target.linkerd_api == "serviceprofile") {
    made.call = with(caller, {{"classification", "success"}});
    made.failed_call = with(caller, {{"classification", "failure"}});
  } else {
    made.call = with(caller, {{"http_status", "200"}, {"error", ""}});
    made.failed_call = with(caller, {{"http_status", ""}, {"error", "FAIL_FAST"}});
  }
  made.breaker = {{"backend_name", *file.service.name + "-v1"}, {"namespace", "shop"}, {"pod", "web-0"}};
  made.caller = "shop/web";
  made.breaker_caller = "shop/web-0";
  made.target = *file.service.name + "-v1";
  return made;
}

}  // namespace

Signals linkerd_signals(const mesh::PolicyFile& file) {
  const auto answered = inbound(kLinkerdResponses, file);
  // A ServiceProfile takes its traffic out of the route metrics, so each family has its own.
  const bool profile = *file.target.linkerd_api == "serviceprofile";
  const auto called = profile ? of_profile(kProfileResponses, file) : of_parent(kLinkerdRouteStatuses, file);
  return {
      .answered = answered,
      .failed = answered.is("classification", "failure"),
      .latency = inbound(kLinkerdLatency, file),
      .encrypted = answered.is("tls", "true"),
      .version = "version",
      .called = called,
      // An error of the proxy's own (FAIL_FAST, a timeout) has no status, or one that the caller never saw.
      .succeeded = profile ? called.is("classification", "success")
                           : called.like("http_status", "[1-4]..").is("error", ""),
      .caller_labels = "namespace, workload",
      .reasons = profile ? "status_code, error" : "http_status, error",
      .breakers = {{"endpoint", of_parent(kLinkerdBalancerEndpoints, file).is("endpoint_state", "pending")}},
      .breaker_target = "backend_name",
      .breaker_pattern = "(.*)",
      .retries = profile ? of_profile(kProfileActualRequests, file) : of_parent(kLinkerdRetryRequests, file),
      .first_tries = profile ? std::optional(of_profile(kProfileRequests, file)) : std::nullopt,
      .rate_limited = Selector(kLinkerdRateLimited).is("namespace", *file.ns).is("app", *file.name),
      .examples = examples(file),
  };
}

}  // namespace marty::monitoring
