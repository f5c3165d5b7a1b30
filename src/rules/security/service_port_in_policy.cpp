#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>
#include <utility>

#include "rules/estate.hpp"
#include "rules/rule.hpp"
#include "rules/selectors.hpp"

namespace marty::rules::catalog {
namespace {

/// Where a Service's port leads at one kind of pods.
struct Lead {
  std::uint16_t from, to;
  const Resource* service;
};
using Leads = std::unordered_map<const Pods*, std::vector<Lead>>;

Leads leads_to_pods(const Estate& estate) {
  Leads out;
  for (const auto* service : estate.of("Service")) {
    const auto* known = estate.modelled(*service);
    if (known == nullptr) continue;
    for (const auto* pods : estate.pods_of(*service))
      for (const auto& port : known->ports)
        out[pods].push_back({port.port, port.target_port != 0 ? port.target_port : port.port, service});
  }
  return out;
}

/// "8080", and nothing else that would be read as a number.
std::optional<std::uint16_t> port_in(std::string_view text) {
  std::uint16_t port = 0;
  const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure != std::errc{} || stop != text.data() + text.size() || (text.starts_with('0') && text != "0"))
    return std::nullopt;
  return port;
}

bool declares(const Pods& pods, std::uint16_t port) {
  bool own = false;
  each(*pods.spec, "containers[].ports[].containerPort",
       [&](const Place& one) { own = own || port_in(one.node.text) == port; });
  return own;
}

/// The first Service by whose port alone the pods know the number; nullptr when it is one of their own.
const Lead* mistaken(const Pods& pods, const Leads& all, std::uint16_t port) {
  const auto leads = all.find(&pods);
  if (leads == all.end() || std::ranges::count(leads->second, port, &Lead::to) > 0) return nullptr;
  const auto known = std::ranges::find(leads->second, port, &Lead::from);
  return known == leads->second.end() ? nullptr : &*known;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == text.npos &&
         std::stoi(std::string(text)) <= 65535;
}

class Check {
 public:
  Check(const Estate& estate, Report& report) : estate_(estate), report_(report) {}

  void kind(const SelectingKind& kind) {
    static constexpr Way kWays[] = {"spec.portLevelMtls", "spec.rules[].to[].operation.ports[]"};
    const auto& policies = estate_.of(kind.kind, kind.group);
    if (policies.empty()) return;
    each(policies.found(), kWays, [&](std::size_t object, std::size_t way, const Place& at) {
      const auto& policy = *policies[object];
      if (labels_of(policy, kind) == nullptr) return;
      if (std::exchange(policy_, &policy) != &policy) pods_ = chosen(estate_, policy, kind);
      if (way == 1) return port(at.node, [&] { return at.path.words(); });
      for (std::size_t i = 0; at.node.is_mapping() && i < at.node.size(); ++i) {
        const auto& key = at.node.entry(i).key;
        port(key, [&] { return at.path + "." + key.text; });
      }
    });
  }

 private:
  template <class PathOf>
  void port(const Node& node, const PathOf& path) {
    const auto port = port_in(node.text);
    if (!port || std::ranges::any_of(pods_, [&](const Pods* one) { return declares(*one, *port); })) return;
    if (!leads_) leads_ = leads_to_pods(estate_);
    const Lead* meant = nullptr;
    for (const auto* one : pods_)
      if ((meant = mistaken(*one, *leads_, *port)) == nullptr) return;
    if (meant == nullptr) return;
    report_
        .at(*policy_, node, path(),
            fmt::format("{} is the Service's port; policies go by the pods' own, which is {}", node.text,
                        meant->to))
        .notes = {see(*meant->service, "the Service that leads from one to the other")};
  }

  const Estate& estate_;
  Report& report_;
  std::optional<Leads> leads_;
  const Resource* policy_ = nullptr;
  std::vector<const Pods*> pods_;  // of that policy
};

void check_numbers(const Estate& estate, Report& report) {
  each(estate.of("AuthorizationPolicy", "security.istio.io"),
       {"spec.rules[].to[].operation.ports[]", "spec.rules[].to[].operation.notPorts[]"},
       [&](const Resource* policy, const Place& port) {
         if (!is_port(port.node.text))
           report.at(*policy, port, fmt::format("no connection comes to port '{}'", port.node.text));
       });
}

void check(const Estate& estate, Report& report) {
  check_numbers(estate, report);
  Check check(estate, report);
  for (const auto& kind : selecting_kinds())
    if (kind.kind == "PeerAuthentication" || kind.kind == "AuthorizationPolicy") check.kind(kind);
}

}  // namespace

extern const Rule service_port_in_policy{
    .id = "service-port-in-policy",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a policy names the Service's port where the pods' port is meant",
    .why =
        "A sidecar guards the ports its pod listens at. The number of a Service in front of them is known to "
        "callers only: portLevelMtls and 'ports' with that number mean no connection at all, so the "
        "exception "
        "is not made, the ALLOW lets nobody in, and the DENY keeps nobody out.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80, targetPort: 8080}]}
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
      containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  mtls: {mode: STRICT}
  portLevelMtls:
    80: {mode: PERMISSIVE} # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80, targetPort: 8080}]}
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
      containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  mtls: {mode: STRICT}
  portLevelMtls:
    8080: {mode: PERMISSIVE}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
