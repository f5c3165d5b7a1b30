#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>

#include "core/regex.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"
#include "rules/selectors.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::string_view kRouter = "envoy.filters.http.router";
/// HTTP filters that Istio puts into sidecars and gateways by itself, some only when a policy asks for them.
constexpr std::array<std::string_view, 16> kOwnFilters{kRouter,
                                                       "envoy.filters.http.cors",
                                                       "envoy.filters.http.fault",
                                                       "envoy.filters.http.rbac",
                                                       "envoy.filters.http.jwt_authn",
                                                       "envoy.filters.http.ext_authz",
                                                       "envoy.filters.http.grpc_stats",
                                                       "envoy.filters.http.grpc_web",
                                                       "envoy.filters.http.wasm",
                                                       "envoy.filters.http.custom_response",
                                                       "istio_authn",
                                                       "istio.metadata_exchange",
                                                       "istio.alpn",
                                                       "istio.stats",
                                                       "istio.peer_metadata",
                                                       "envoy.filters.http.peer_metadata"};

/// A patch that changes nothing: the field that is to blame, and why.
struct Miss {
  const Node* node;
  std::string path, why, way_out;
  Severity severity = Severity::kWarning;
};

/// What can be told beforehand about the configuration that an EnvoyFilter's patches meet.
class Predicted {
 public:
  Predicted(const Estate& estate) : estate_(estate) {
    each(estate.of("EnvoyFilter"), "spec.configPatches[].patch.value.name",
         [&](const Resource*, const Place& name) { added_.insert(name.node.text); });
    for (const auto* kind : {"WasmPlugin", "TrafficExtension"})
      for (const auto* plugin : estate.of(kind)) added_.insert(*plugin->ns + "." + *plugin->name);
  }

  std::optional<Miss> miss(const Resource& filter, const Node& patch) const {
    if (auto found = version(patch)) return found;
    if (auto found = filters(patch)) return found;
    if (auto found = listener_port(filter, patch)) return found;
    return virtual_host(filter, patch);
  }

 private:
  std::optional<Miss> version(const Node& patch) const {
    const Node* wanted = get(patch, "match.proxy.proxyVersion");
    if (wanted == nullptr) return std::nullopt;
    std::string why;
    const auto regex = Regex::compile(wanted->text, why);
    const auto& own = estate_.settings().istio_version;
    if (regex == nullptr || regex->is_found_in(own) || regex->is_found_in(own + ".0")) return std::nullopt;
    return Miss{wanted, "match.proxy.proxyVersion",
                fmt::format("sidecars of Istio {} do not match '{}'", own, wanted->text),
                "leave proxyVersion out unless two versions run side by side", Severity::kInfo};
  }

  std::optional<Miss> filters(const Node& patch) const {
    const Node* chain = get(patch, "match.listener.filterChain.filter.name");
    const Node* inner = get(patch, "match.listener.filterChain.filter.subFilter.name");
    const std::string path = "match.listener.filterChain.filter";
    if (chain != nullptr && chain->text.starts_with("envoy.filters.http."))
      return Miss{chain, path + ".name",
                  fmt::format("'{}' is an HTTP filter; a filter chain has network filters", chain->text),
                  "name envoy.filters.network.http_connection_manager here and this one in subFilter"};
    if (inner != nullptr && !known_filter(inner->text))
      return Miss{inner, path + ".subFilter.name",
                  fmt::format("no sidecar has the filter '{}', and no EnvoyFilter here adds it", inner->text),
                  fmt::format("filters that are always there: {}", kRouter)};
    const Node* operation = get(patch, "patch.operation");
    if (operation == nullptr || text(patch, "applyTo") != "HTTP_FILTER") return std::nullopt;
    const bool last = operation->text == "ADD" || (operation->text == "INSERT_AFTER" && inner == nullptr) ||
                      (operation->text == "INSERT_AFTER" && inner->text == kRouter);
    if (!last) return std::nullopt;
    return Miss{operation, "patch.operation",
                fmt::format("{} puts the filter after the router, which answers: no request gets there, and "
                            "Envoy refuses the listener",
                            operation->text),
                "use INSERT_BEFORE, or INSERT_FIRST"};
  }

  bool known_filter(const std::string& name) const {
    return added_.contains(name) ||
           std::find(kOwnFilters.begin(), kOwnFilters.end(), name) != kOwnFilters.end();
  }

  /// Inbound listeners have the ports of the pods, not those of the Services.
  std::optional<Miss> listener_port(const Resource& filter, const Node& patch) const {
    if (text(patch, "match.context") != "SIDECAR_INBOUND") return std::nullopt;
    for (const auto field : {"match.listener.portNumber", "match.listener.filterChain.destinationPort"}) {
      const Node* written = get(patch, field);
      const auto port = number(patch, field);
      if (!port || *port == 15006) continue;
      const auto served = ports_of(filter);
      if (served.pods.empty() || served.pods.contains(*port)) continue;
      const bool slip = served.services.contains(*port);
      return Miss{written, field,
                  fmt::format("the pods chosen listen at {}, not at {}{}", fmt::join(served.pods, ", "),
                              *port, slip ? ", which is the Service's port" : ""),
                  "inbound listeners are named by the pods' own ports"};
    }
    return std::nullopt;
  }

  std::optional<Miss> virtual_host(const Resource& filter, const Node& patch) const {
    const std::string path = "match.routeConfiguration.vhost.name";
    const Node* name = get(patch, path);
    if (name == nullptr || name->text.empty()) return std::nullopt;
    const auto context = text(patch, "match.context");
    if (context == "SIDECAR_INBOUND") return inbound_host(filter, *name, path);
    if (context == "SIDECAR_OUTBOUND") return outbound_host(*name, path);
    return std::nullopt;
  }

  std::optional<Miss> inbound_host(const Resource& filter, const Node& name, const std::string& path) const {
    constexpr std::string_view kStart = "inbound|http|";
    const auto served = ports_of(filter);
    const bool formed = name.text.starts_with(kStart);
    const auto port = formed ? number_in(std::string_view(name.text).substr(kStart.size())) : std::nullopt;
    if (port && (served.services.empty() || served.services.contains(*port))) return std::nullopt;
    if (!port)
      return Miss{&name, path, fmt::format("inbound virtual hosts are not called '{}'", name.text),
                  "they are called inbound|http|<port of the Service>"};
    return Miss{&name, path,
                fmt::format("no Service of these pods has port {}; they have {}", *port,
                            fmt::join(served.services, ", ")),
                "the number is the Service's port, not the pods'"};
  }

  std::optional<Miss> outbound_host(const Node& name, const std::string& path) const {
    if (name.text == "allow_any" || name.text == "block_all") return std::nullopt;
    const auto colon = name.text.rfind(':');
    if (colon == std::string::npos)
      return Miss{&name, path, fmt::format("virtual hosts are called host:port, so '{}' is none", name.text),
                  "add the port of the Service"};
    const auto host = std::string_view(name.text).substr(0, colon);
    if (!host.ends_with(".svc.cluster.local")) {
      if (host.find('.') != host.npos) return std::nullopt;
      return Miss{&name, path, fmt::format("virtual hosts have names in full, so '{}' is none", name.text),
                  fmt::format("write {}.<namespace>.svc.cluster.local{}", host, name.text.substr(colon))};
    }
    const auto* service = estate_.modelled(host);
    const auto port = number_in(std::string_view(name.text).substr(colon + 1));
    if (service == nullptr || !port ||
        std::any_of(service->ports.begin(), service->ports.end(),
                    [&](const auto& one) { return one.port == *port; }))
      return std::nullopt;
    return Miss{&name, path, fmt::format("Service '{}' has no port {}", service->name, *port),
                "the number is the Service's port, not the pods'"};
  }

  static std::optional<std::int64_t> number_in(std::string_view digits) {
    std::int64_t out = 0;
    const auto end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, out);
    return read.ec == std::errc() && read.ptr == end ? std::optional(out) : std::nullopt;
  }

  struct Served {
    std::set<std::int64_t> pods, services;  ///< ports; empty when not known
  };
  Served ports_of(const Resource& filter) const {
    const auto kinds = selecting_kinds();
    const auto kind =
        std::find_if(kinds.begin(), kinds.end(), [](const auto& one) { return one.kind == "EnvoyFilter"; });
    const auto pods =
        labels_of(filter, *kind) == nullptr ? std::vector<const Pods*>{} : chosen(estate_, filter, *kind);
    Served out;
    if (pods.empty()) return out;
    for (const auto& service : estate_.model().services) {
      const bool theirs = service.ns == pods.front()->ns() && !service.selector.empty() &&
                          std::any_of(pods.begin(), pods.end(), [&](const Pods* one) {
                            return mesh::selects(service.selector, one->labels);
                          });
      if (!theirs) continue;
      for (const auto& port : service.ports) {
        out.services.insert(port.port);
        out.pods.insert(port.target_port != 0 ? port.target_port : port.port);
      }
    }
    return out;
  }

  const Estate& estate_;
  std::set<std::string> added_;  // filters that patches and plugins bring along
};

void check(const Estate& estate, Report& report) {
  if (estate.of("EnvoyFilter").empty()) return;
  const Predicted predicted(estate);
  each(estate.of("EnvoyFilter"), "spec.configPatches[]", [&](const Resource* filter, const Place& patch) {
    const auto miss = predicted.miss(*filter, patch.node);
    if (!miss) return;
    auto& finding = report.at(*filter, *miss->node, patch.path + "." + miss->path, miss->why);
    finding.severity = miss->severity;
    finding.notes = {{{}, miss->way_out}};
  });
}

}  // namespace

extern const Rule patch_matches_nothing{
    .id = "patch-matches-nothing",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "an EnvoyFilter patch that meets nothing it could change",
    .why =
        "A patch whose match fits nothing is left out without a word: the object is accepted, and no "
        "sidecar changes. The match is held against the configuration these manifests lead to: the pods' "
        "ports of inbound listeners, host:port of virtual hosts, the filters that are there, their order.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec: {containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: pets, namespace: shop}
spec:
  workloadSelector: {labels: {app: pets}}
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener:
        portNumber: 80 # <<
        filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}
    patch: {operation: MERGE, value: {}}
  - applyTo: HTTP_ROUTE
    match:
      context: SIDECAR_OUTBOUND
      routeConfiguration: {vhost: {name: "pets.shop.svc.cluster.local:8080"}} # <<
    patch: {operation: MERGE, value: {}}
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener:
        filterChain:
          filter:
            name: envoy.filters.network.http_connection_manager
            subFilter: {name: envoy.filters.http.rooter} # <<
    patch: {operation: MERGE, value: {}}
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec: {containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: pets, namespace: shop}
spec:
  workloadSelector: {labels: {app: pets}}
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener:
        portNumber: 8080
        filterChain:
          filter:
            name: envoy.filters.network.http_connection_manager
            subFilter: {name: envoy.filters.http.router}
    patch: {operation: MERGE, value: {}}
  - applyTo: HTTP_ROUTE
    match:
      context: SIDECAR_OUTBOUND
      routeConfiguration: {vhost: {name: "pets.shop.svc.cluster.local:80"}}
    patch: {operation: MERGE, value: {}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
