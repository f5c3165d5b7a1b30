#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::array<std::string_view, 3> kLoopback{"127.0.0.1:", "localhost:", "[::1]:"};
constexpr std::array<std::string_view, 3> kToListen{"listen", "bind", "addr"};

/// The port behind a loopback address in a text; 0 when there is none.
std::int64_t loopback_port(std::string_view text) {
  for (const auto host : kLoopback) {
    const auto at = text.find(host);
    if (at == text.npos) continue;
    std::int64_t port = 0;
    for (auto rest = text.substr(at + host.size());
         !rest.empty() && rest[0] >= '0' && rest[0] <= '9' && port < 65536; rest.remove_prefix(1))
      port = port * 10 + (rest[0] - '0');
    return port;
  }
  return 0;
}

/// Whether a flag or variable of that name says where to listen.
bool is_to_listen(std::string_view name) {
  std::string low(name);
  std::ranges::transform(low, low.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::any_of(kToListen, [&](auto word) { return low.find(word) != low.npos; });
}

/// Ports of pods that Services lead to, with one of those Services.
using Called = std::map<std::int64_t, const Resource*>;

std::map<const Pods*, Called> called_ports(const Estate& estate) {
  std::map<const Pods*, Called> out;
  for (const auto* service : estate.of("Service")) {
    const auto* known = estate.modelled(*service);
    if (known == nullptr) continue;
    for (const auto* pods : estate.pods_of(*service))
      for (const auto& port : known->ports)
        out[pods].emplace(port.target_port != 0 ? port.target_port : port.port, service);
  }
  return out;
}

void check_container(const Pods& pods, const Place& container, const Called& called, Report& report) {
  std::string_view before;  // "--listen", "127.0.0.1:80"
  // What another container's port is, this one calls: an exporter beside a database.
  std::set<std::int64_t> own;
  each(container.node, "ports[].containerPort",
       [&](const Place& port) { own.insert(number(port.node, {}).value_or(0)); });
  const auto look = [&](const Node& value, std::string_view name, const std::string& path) {
    const auto port = called.find(loopback_port(value.text));
    if (port == called.end() || !own.contains(port->first) || !is_to_listen(name)) return;
    report
        .at(*pods.owner, value, "spec.template.spec." + container.path + "." + path,
            fmt::format("the container listens to itself only; calls to port {} come to the pod's address",
                        port->first))
        .notes = {see(*port->second, "the Service that leads there"), {{}, "listen at 0.0.0.0"}};
  };
  for (const Way& list : {Way("command[]"), Way("args[]")})
    each(container.node, list, [&](const Place& word) {
      const std::string_view text = word.node.text;
      const auto equals = text.find('=');
      look(word.node,
           equals != text.npos     ? text.substr(0, equals)
           : text.starts_with('-') ? text
                                   : before,
           word.path);
      before = text;
    });
  each(container.node, "env[]", [&](const Place& variable) {
    if (const Node* value = variable.node.find("value"))
      look(*value, text(variable.node, "name"), variable.path + ".value");
  });
}

/// Pods that are told of a loopback address.
std::vector<const Pods*> suspects(const Estate& estate) {
  std::vector<const Pods*> out;
  each(estate.pods(), {"containers[].command[]", "containers[].args[]", "containers[].env[].value"},
       [&](const Pods& pods, const Place& said) {
         if ((out.empty() || out.back() != &pods) && loopback_port(said.node.text) != 0) out.push_back(&pods);
       });
  return out;
}

void check(const Estate& estate, Report& report) {
  const auto some = suspects(estate);
  if (some.empty()) return;
  const auto all = called_ports(estate);
  for (const auto* pods : some)
    if (const auto called = all.find(pods); called != all.end())
      each(*pods->spec, "containers[]",
           [&](const Place& container) { check_container(*pods, container, called->second, report); });
}

}  // namespace

extern const Rule listens_on_localhost{
    .id = "listens-on-localhost",
    .severity = Severity::kWarning,
    .peers = "IST0143",
    .title = "a Service leads to a port at which the application listens to its own pod only",
    .why =
        "Sidecars of Istio 1.10 and later bring calls to the pod's own address, as they come without a mesh. "
        "An application that is told to listen at 127.0.0.1 is not there: callers get 503, connection "
        "refused. "
        "Told by flags and variables whose name says listen, bind or addr.",
    .bad = R"(
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
      containers:
      - name: pets
        image: pets:1
        args:
        - --listen=127.0.0.1:8080 # <<
        ports: [{containerPort: 8080}]
)",
    .good = R"(
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
      containers:
      - name: pets
        image: pets:1
        args:
        - --listen=0.0.0.0:8080
        ports: [{containerPort: 8080}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
