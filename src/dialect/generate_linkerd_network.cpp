#include "dialect/generate_linkerd_parts.hpp"
#include "dialect/kubernetes/network_policy.hpp"
#include "manifest/write.hpp"

/// The layer below the mesh. A NetworkPolicy sees the proxies' connections, so it must know the proxies'
/// ports.
namespace marty::dialect::generated {

using kubernetes::NetworkPolicy;
using manifest::Node;

namespace {

constexpr std::uint32_t kProxyInbound = 4143, kTap = 4190, kProxyAdmin = 4191, kDns = 53;
constexpr std::uint32_t kIdentity = 8080, kDestination = 8086, kPolicy = 8090;  // of the control plane

std::vector<NetworkPolicy::Port> ports(std::initializer_list<std::uint32_t> numbers) {
  std::vector<NetworkPolicy::Port> all;
  for (const auto number : numbers)
    if (number != 0) all.emplace_back().port = Sourced{manifest::IntOrString{number, {}}};
  return all;
}

/// Pods of these namespaces; none: of any. The label is the only one that every namespace has by itself.
NetworkPolicy::Peer pods_in(const std::vector<std::string>& namespaces) {
  NetworkPolicy::Peer peer;
  auto& selector = peer.namespace_selector.emplace();
  if (namespaces.size() == 1) selector.match_labels = {{"kubernetes.io/metadata.name", namespaces.front()}};
  if (namespaces.size() < 2) return peer;
  auto& one_of = selector.match_expressions.emplace_back();
  one_of.key = {"kubernetes.io/metadata.name"};
  for (const auto& ns : namespaces) one_of.values.push_back({ns});
  return peer;
}

/// Where callers are; anywhere when some rule does not say, or none does.
std::vector<std::string> callers(const PolicyFile& file) {
  const auto& rules = file.security.allow;
  const bool open =
      std::any_of(rules.begin(), rules.end(), [](const auto& allow) { return allow.from.empty(); });
  return open ? std::vector<std::string>{} : mesh::caller_namespaces(file, mesh::MeshKind::kLinkerd);
}

std::vector<NetworkPolicy::Egress> egress(const PolicyFile& file) {
  NetworkPolicy::Egress dns{{}, ports({kDns, kDns}), {}};
  dns.ports.front().protocol = {NetworkPolicy::Protocol::kUdp};
  std::vector<std::string> peers{*file.ns};
  for (const auto& dependency : mesh::dependencies(file))
    if (std::find(peers.begin(), peers.end(), dependency.ns) == peers.end()) peers.push_back(dependency.ns);
  const auto& collector = file.observability.collector;
  return {std::move(dns),
          {{pods_in({"linkerd"})}, ports({kIdentity, kDestination, kPolicy}), {}},
          {{pods_in(peers)}, ports({kProxyInbound}), {}},
          {{pods_in({*collector.ns})}, ports({kProxyInbound, *collector.port}), {}}};
}

}  // namespace

std::string linkerd_network_policy(const Draft& draft) {
  const auto& file = draft.file;
  // Since 2.19 proxies send everything to their peers' port 4143, before that to the application's.
  const bool app_port = !is_strict(file) || linkerd_minor(file) < 19;
  const auto port = app_port ? *file.service.port : 0;
  const auto monitoring = mesh::scrapers(file);
  NetworkPolicy wire;
  wire.pod_selector.emplace().match_labels = {{"app", *file.name}};
  wire.policy_types = {{NetworkPolicy::Direction::kIngress}};
  wire.ingress = {
      {{pods_in(callers(file))}, ports({kProxyInbound, port}), {}},
      {{pods_in(monitoring)}, ports({kProxyInbound, kProxyAdmin, *file.workload.metrics_port}), {}},
      {{pods_in({"linkerd-viz"})}, ports({kTap}), {}}};
  // Without a declaration of what it calls, it may call everybody.
  const bool closed = file.service.depends_on.has_value();
  if (closed) {
    wire.policy_types.push_back({NetworkPolicy::Direction::kEgress});
    wire.egress = egress(file);
  }
  Node root = object(file, "networking.k8s.io/v1", "NetworkPolicy", *file.name, manifest::encode(wire));
  if (!closed)
    comment_at(root, {"spec", "policyTypes"}, "No Egress: service.dependsOn does not say what it calls.");
  root.comment(
      "Which connections may reach the pods, and leave them, below the mesh. Everything in the mesh passes "
      "the\n"
      "proxies' ports, so this keeps out what would go around them; who may call, linkerd-policies.yaml "
      "decides. The\n"
      "kubelet probes from the pod's own node, which network plug-ins let in.");
  comment_at(root, {"spec", "ingress", "0"},
             app_port ? "Callers: through their proxies, or else to the application's port."
                      : "Callers, through their proxies. 4143 is the proxy's port.");
  comment_at(root, {"spec", "ingress", "1"},
             "Prometheus: 4191 is the proxy's metrics; 4143 if it is in the mesh itself.");
  comment_at(root, {"spec", "ingress", "2"}, "linkerd viz tap; it checks identities itself.");
  comment_at(root, {"spec", "egress", "0"},
             "Names. Anywhere, as a cache may run on the node itself; TCP for long answers.");
  comment_at(root, {"spec", "egress", "1"},
             "The control plane: certificates, endpoints, policies. No proxy is ready without.");
  comment_at(root, {"spec", "egress", "2"},
             "Its own namespace and what service.dependsOn names, through their proxies.");
  comment_at(root, {"spec", "egress", "3"}, "The collector of traces; in the mesh, or else at its own port.");
  return draft.heading + manifest::write_yaml(root);
}

}  // namespace marty::dialect::generated
