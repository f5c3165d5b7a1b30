#include "monitoring/monitoring.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "manifest/write.hpp"
#include "monitoring/objects.hpp"
#include "monitoring/signals.hpp"

namespace marty::monitoring {

using manifest::Node;
using mesh::MeshKind;
using mesh::PolicyFile;

namespace {

/// Linkerd's proxies are told once for the whole mesh; nothing in a namespace changes it.
std::string linkerd_tracing(const PolicyFile& file) {
  const auto& to = file.observability.collector;
  return fmt::format(
      "# Traces: Linkerd's proxies send spans when the control plane is installed with\n"
      "#   --set proxy.tracing.enabled=true --set proxy.tracing.collector.endpoint={0}.{1}:{2}\n"
      "#   --set proxy.tracing.collector.meshIdentity.serviceAccountName={0}\n"
      "#   --set proxy.tracing.collector.meshIdentity.namespace={1}\n"
      "# (OTLP over gRPC; here to Jaeger). A proxy never begins a trace: it adds spans to requests that come "
      "with a\n"
      "# sampled traceparent or B3 header, so sampling is the ingress's or the application's choice.\n",
      *to.service, *to.ns, *to.port);
}

/// A caller's pods are not ours to patch.
std::string advice_for_callers() {
  return "# Limits, ejections and retries are counted in the callers' sidecars, and Istio hides these "
         "numbers "
         "unless a pod\n"
         "# asks for them. This service's pods do (deployment-patch.yaml); every caller's pods need the "
         "annotation, too, or\n"
         "# CircuitBreakerOpen never sees them (for all pods at once: meshConfig.defaultConfig):\n"
         "#   proxy.istio.io/config: |\n" +
         proxy_stats_matcher("#     ");
}

}  // namespace

std::string app_monitoring(const PolicyFile& file, std::string_view heading) {
  if (*file.workload.metrics_port == 0) return {};
  return std::string(heading) + manifest::write_yaml(service_monitor(file));
}

std::string mesh_monitoring(const PolicyFile& file, MeshKind mesh, std::string_view heading) {
  const bool istio = mesh == MeshKind::kIstio;
  std::vector<Node> objects{pod_monitor(file, mesh)};
  if (istio) objects.push_back(telemetry_object(file));
  objects.push_back(prometheus_rule(file, mesh));
  objects.push_back(dashboard_config_map(file, mesh));
  return std::string(heading) + (istio ? advice_for_callers() : linkerd_tracing(file)) +
         manifest::write_documents("", objects);
}

std::string proxy_stats_matcher(std::string_view indent) {
  std::vector<std::string> patterns;
  const auto watched = istio_signals({});
  const auto want = [&](telemetry::MetricId id) {
    auto pattern = telemetry::metric(id).stats_inclusion();
    if (!pattern.empty() && std::ranges::count(patterns, pattern) == 0)
      patterns.push_back(std::move(pattern));
  };
  for (const auto& breaker : watched.breakers) want(breaker.gauge.id());
  want(watched.retries.id());
  std::string out = fmt::format("{0}proxyStatsMatcher:\n{0}  inclusionRegexps:\n", indent);
  for (const auto& pattern : patterns) out += fmt::format("{}  - {}\n", indent, pattern);
  return out;
}

}  // namespace marty::monitoring
