#include "rules/scrapes.hpp"

namespace marty::rules {

namespace {

using See = std::function<void(const Scrape&)>;

/// Served by proxies and agents themselves, before any policy: of Istio 15020, 15021 and 15090, of Linkerd
/// 4191.
bool of_sidecars(std::uint16_t port) {
  return port == 15020 || port == 15021 || port == 15090 || port == 4191;
}

/// A monitor's labels; nothing when it selects by expressions, which are not read here.
std::optional<mesh::Labels> wanted(const Resource& monitor) {
  const Node* selector = get(monitor.root, "spec.selector");
  if (selector == nullptr || selector->find("matchExpressions") != nullptr) return std::nullopt;
  return labels_at(selector->find("matchLabels"));
}

bool watches(const Resource& monitor, std::string_view ns) {
  if (is_true(get(monitor.root, "spec.namespaceSelector.any"))) return true;
  const Node* names = get(monitor.root, "spec.namespaceSelector.matchNames");
  if (names == nullptr || names->size() == 0) return *monitor.ns == ns;
  for (const auto& name : names->children)
    if (name.text == ns) return true;
  return false;
}

void through_services(const Estate& estate, const Resource& monitor, const mesh::Labels& labels,
                      const See& see) {
  for (const auto* service : estate.of("Service")) {
    if (!watches(monitor, *service->ns) ||
        !mesh::selects(labels, labels_at(get(service->root, "metadata.labels"))))
      continue;
    const auto* known = estate.modelled(*service);
    if (known == nullptr) continue;
    const auto behind = estate.pods_of(*service);
    each(monitor.root, "spec.endpoints[]", [&](const Place& endpoint) {
      for (const auto& port : known->ports) {
        if (port.name != text(endpoint.node, "port") || port.name.empty()) continue;
        const auto at_pods = port.target_port != 0 ? port.target_port : port.port;
        if (of_sidecars(at_pods)) continue;
        for (const auto* pods : behind) see({&monitor, &endpoint.node, endpoint.path, pods, at_pods});
      }
    });
  }
}

void through_pods(const Estate& estate, const Resource& monitor, const mesh::Labels& labels, const See& see) {
  for (const auto& pods : estate.pods()) {
    if (!watches(monitor, pods.ns()) || !mesh::selects(labels, pods.labels)) continue;
    each(monitor.root, "spec.podMetricsEndpoints[]", [&](const Place& endpoint) {
      each(*pods.spec, "containers[].ports[]", [&](const Place& port) {
        const auto name = text(port.node, "name");
        if (name.empty() || name != text(endpoint.node, "port")) return;
        const auto at = static_cast<std::uint16_t>(number(port.node, "containerPort").value_or(0));
        if (!of_sidecars(at)) see({&monitor, &endpoint.node, endpoint.path, &pods, at});
      });
    });
  }
}

}  // namespace

std::string_view Scrape::http_path() const {
  const auto said = text(*endpoint, "path");
  return said.empty() ? "/metrics" : said;
}

bool Scrape::with_tls() const { return text(*endpoint, "scheme") == "https"; }

std::optional<std::set<std::string>> watched_namespaces(const Resource& monitor) {
  if (is_true(get(monitor.root, "spec.namespaceSelector.any"))) return {};
  std::set<std::string> out;
  each(monitor.root, "spec.namespaceSelector.matchNames[]",
       [&](const Place& at) { out.insert(at.node.text); });
  if (out.empty()) out.insert(*monitor.ns);
  return out;
}

void each_scrape(const Estate& estate, const See& see) {
  for (const auto* monitor : estate.of("ServiceMonitor"))
    if (const auto labels = wanted(*monitor)) through_services(estate, *monitor, *labels, see);
  for (const auto* monitor : estate.of("PodMonitor"))
    if (const auto labels = wanted(*monitor)) through_pods(estate, *monitor, *labels, see);
}

}  // namespace marty::rules
