#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "rules/calls.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// A tracer of the mesh's, and the headers by which its sidecars pass a trace on.
struct Tracer {
  std::string name;
  const Node* declared = nullptr;
  bool w3c = false, b3 = false;
};

/// Nothing for a kind of provider whose headers are not known here. istio.md 4.4
std::optional<Tracer> tracer_of(const Node& provider) {
  Tracer out{std::string(text(provider, "name")), &provider};
  if (provider.find("opentelemetry") != nullptr) {
    out.w3c = true;
  } else if (const Node* zipkin = provider.find("zipkin")) {
    out.b3 = true;
    out.w3c = text(*zipkin, "traceContextOption") == "USE_B3_WITH_W3C_PROPAGATION";
  } else {
    return std::nullopt;
  }
  return out;
}

/// Which tracer the sidecars of a namespace have: what its Telemetry names, else the root namespace's, else
/// the mesh's default.
class Tracers {
 public:
  explicit Tracers(const Estate& estate) : root_(estate.settings().root_namespace) {
    for (const auto& config : estate.settings().mesh_configs) {
      each(config, "defaultProviders.tracing[]", [&](const Place& at) { by_default_ = at.node.text; });
      each(config, "extensionProviders[]", [&](const Place& at) {
        if (auto tracer = tracer_of(at.node)) declared_.insert_or_assign(tracer->name, *tracer);
      });
    }
    each(estate.of("Telemetry"), "spec.tracing[].providers[].name",
         [&](const Resource* telemetry, const Place& at) { named_[*telemetry->ns] = at.node.text; });
  }

  /// nullptr when nobody says, or the kind is not known.
  const Tracer* of(std::string_view ns) const {
    auto named = named_.find(ns);
    if (named == named_.end()) named = named_.find(root_);
    const auto tracer = declared_.find(named == named_.end() ? by_default_ : named->second);
    return tracer == declared_.end() ? nullptr : &tracer->second;
  }

 private:
  std::map<std::string, Tracer, std::less<>> declared_;
  std::map<std::string, std::string, std::less<>> named_;
  std::string by_default_, root_;
};

/// Whether one of the formats that the application is told to read and write is the tracer's.
bool understands(std::string_view propagators, const Tracer& tracer) {
  while (!propagators.empty()) {
    const auto end = std::min(propagators.find(','), propagators.size());
    auto word = propagators.substr(0, end);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if ((word == "tracecontext" && tracer.w3c) || ((word == "b3" || word == "b3multi") && tracer.b3))
      return true;
    propagators.remove_prefix(std::min(end + 1, propagators.size()));
  }
  return false;
}

void check_pods(const Pods& pods, const Tracer& tracer, Report& report) {
  each(*pods.spec, "containers[].env[]", [&](const Place& env) {
    const Node* value = env.node.find("value");
    if (text(env.node, "name") != "OTEL_PROPAGATORS" || value == nullptr || !value->is_scalar() ||
        understands(value->text, tracer))
      return;
    report
        .at(*pods.owner, *value, env.path + ".value",
            fmt::format("the application passes traces on as '{}', the sidecars as {}: each trace ends here",
                        value->text, tracer.w3c ? "W3C traceparent" : "B3"))
        .notes = {see(*tracer.declared, fmt::format("the tracer '{}'", tracer.name)),
                  {{}, fmt::format("add {} to the list", tracer.w3c ? "tracecontext" : "b3multi")}};
  });
}

void check(const Estate& estate, Report& report) {
  if (estate.settings().mesh_configs.empty()) return;
  std::set<const Pods*> callers;  // an application at the end of a chain has nothing to pass on
  each_call(estate, [&](const Call& call) { callers.insert(&call.from); });
  const Tracers tracers(estate);
  for (const auto& pods : estate.pods()) {
    const auto* tracer = tracers.of(pods.ns());
    if (tracer != nullptr && callers.contains(&pods) && estate.istio_injected(pods.ns(), &pods))
      check_pods(pods, *tracer, report);
  }
}

}  // namespace

extern const Rule trace_headers_differ{
    .id = "trace-headers-differ",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "an application that passes traces on in another format than its sidecar",
    .why =
        "A sidecar cannot tell which call out belongs to which call in: the application has to copy the "
        "trace's headers from one to the other. Told by OTEL_PROPAGATORS to speak B3 in a mesh that traces "
        "with OpenTelemetry (W3C traceparent), or the reverse under Zipkin, it copies headers nobody reads, "
        "and every trace falls apart in two at this hop.",
    .bad = R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    extensionProviders:
    - name: tempo
      opentelemetry: {service: tempo.tracing.svc.cluster.local, port: 4317}
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: tracing, namespace: shop}
spec:
  tracing:
  - providers: [{name: tempo}]
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  ports: [{name: http, port: 6000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers:
      - name: pets
        image: pets:1
        env:
        - {name: STORE, value: "http://store:6000"}
        - {name: OTEL_PROPAGATORS, value: "b3,baggage"} # <<
)",
    .good = R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    extensionProviders:
    - name: tempo
      opentelemetry: {service: tempo.tracing.svc.cluster.local, port: 4317}
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: tracing, namespace: shop}
spec:
  tracing:
  - providers: [{name: tempo}]
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  ports: [{name: http, port: 6000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers:
      - name: pets
        image: pets:1
        env:
        - {name: STORE, value: "http://store:6000"}
        - {name: OTEL_PROPAGATORS, value: "tracecontext,baggage,b3"}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
