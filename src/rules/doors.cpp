#include "rules/doors.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rules/mtls.hpp"
#include "rules/ports.hpp"

namespace marty::rules {

namespace {

using Auth = policy::ClientAuthorization::Auth;

/// What a default policy lets in, wherever it comes from; nothing for deny.
std::optional<policy::ClientAuthorization> by_default(const Sourced<mesh::DefaultInbound>& policy) {
  using enum mesh::DefaultInbound;
  if (*policy == kDeny) return std::nullopt;
  policy::ClientAuthorization clients;
  if (*policy == kAllAuthenticated || *policy == kClusterAuthenticated) clients.auth = Auth::kMeshTls;
  return clients;
}

/// Identities of other trust domains cannot be compared with accounts here.
bool is_of_this_cluster(std::string_view identity) {
  return identity.starts_with("*") || identity.ends_with(policy::ProxyIdentity::kSuffix);
}

}  // namespace

Doors::Doors(const Estate& estate) : estate_(estate) {
  const auto& model = estate.model();
  for (const auto& server : model.servers) servers_[server.ns].push_back(&server);
  for (const auto& one : model.server_authorizations) authorizations_[one.clients.ns].push_back(&one);
  for (const auto& one : model.authentications) authentications_[{one.ns, one.name}] = &one;
  if (std::ranges::any_of(model.workloads, [](const auto& one) { return one.inbound_default.has_value(); }))
    for (const auto& workload : model.workloads) workloads_[{workload.ns, workload.name}] = &workload;
  for (const auto& space : model.namespaces) namespaces_[space.name] = &space;
}

const mesh::Server* Doors::server_of(const Pods& pods, std::uint16_t port) const {
  const auto there = servers_.find(pods.ns());
  if (there == servers_.end()) return nullptr;
  for (const auto* server : there->second) {
    if (!server->pods.matches(pods.labels)) continue;
    if (server->port == port) return server;
    bool named = false;
    each(*pods.spec, "containers[].ports[]", [&](const Place& one) {
      named |= server->port == 0 && text(one.node, "name") == server->port_name &&
               number(one.node, "containerPort") == port;
    });
    if (named) return server;
  }
  return nullptr;
}

/// With what it refers to; a reference to nothing voids it.
void Doors::add(const mesh::ServerAuthorization& one, Guarded& to) const {
  auto clients = one.clients;
  clients.networks.clear();
  for (const auto& wanted : one.references) {
    if (wanted.kind == "ServiceAccount") {
      clients.auth = Auth::kIdentity;
      clients.identities.push_back(
          {fmt::format("{}.{}{}", wanted.name, wanted.ns, policy::ProxyIdentity::kSuffix), wanted.origin});
      continue;
    }
    const auto found = authentications_.find({wanted.ns, wanted.name});
    if (found == authentications_.end()) {
      to.complete = false;  // it may be in the cluster
      return;
    }
    const auto& identities = found->second->identities;
    if (!identities.empty()) clients.auth = Auth::kIdentity;
    clients.identities.insert(clients.identities.end(), identities.begin(), identities.end());
  }
  for (const auto& identity : clients.identities) to.comparable &= is_of_this_cluster(*identity);
  to.clients.push_back(std::move(clients));
}

Doors::Guarded Doors::linkerd(const Pods& pods, std::uint16_t port) const {
  Guarded out;
  const auto standing_in = [&]() -> std::optional<Sourced<mesh::DefaultInbound>> {
    const auto workload = workloads_.find({pods.ns(), *pods.owner->name});
    if (workload != workloads_.end() && workload->second->inbound_default)
      return workload->second->inbound_default;
    const auto space = namespaces_.find(pods.ns());
    return space == namespaces_.end() ? std::nullopt : space->second->inbound_default;
  };
  const auto* server = server_of(pods, port);
  const auto access = server != nullptr ? std::optional(server->access) : standing_in();
  if (!access) return out;
  out.origin = access->written() ? access->origin : server != nullptr ? server->origin : access->origin;
  if (auto clients = by_default(*access)) out.clients.push_back(std::move(*clients));
  const auto there = authorizations_.find(pods.ns());
  if (server == nullptr || there == authorizations_.end()) return out;
  using Target = mesh::ServerAuthorization::Target;
  for (const auto* one : there->second) {
    const bool holds =
        one->target == Target::kNamespace || one->target == Target::kRoute ||
        (one->target == Target::kServer && *one->target_name == server->name) ||
        (one->target == Target::kServersWithLabels && one->server_labels.matches(server->labels));
    if (holds) add(*one, out);
  }
  return out;
}

std::optional<ClosedDoor> Doors::to_strangers(const Pods& pods, std::uint16_t port) const {
  if (is_true(pods.spec->find("hostNetwork"))) return std::nullopt;
  if (estate_.istio_injected(pods.ns(), &pods)) {
    const auto mode = mtls_mode(estate_, pods, port);
    if (*mode != policy::MtlsMode::kStrict || passed_by(pods, port)) return std::nullopt;
    return ClosedDoor{{mode.origin, 6}, "STRICT is said here", "takes mutual TLS only"};
  }
  if (!estate_.linkerd_injected(pods.ns(), &pods) ||
      lists_port(pods.annotation("config.linkerd.io/skip-inbound-ports"), port))
    return std::nullopt;
  const auto guarded = linkerd(pods, port);
  const bool open =
      std::ranges::any_of(guarded.clients, [](const auto& clients) { return clients.auth == Auth::kNone; });
  if (open || !guarded.complete || !guarded.origin.known()) return std::nullopt;
  return ClosedDoor{{guarded.origin, 0}, "this decides who is let in", "lets in callers of the mesh only"};
}

std::optional<ClosedDoor> Doors::to_strangers(const Resource& service, std::int64_t port) const {
  const auto* known = estate_.modelled(service);
  if (known == nullptr) return std::nullopt;
  for (const auto* pods : estate_.pods_of(service))
    for (const auto& one : known->ports) {
      if (port != 0 && one.port != port) continue;
      if (auto closed = to_strangers(*pods, one.target_port != 0 ? one.target_port : one.port)) return closed;
    }
  return std::nullopt;
}

std::optional<ClosedDoor> Doors::to_account(const Pods& pods, std::uint16_t port, std::string_view ns,
                                            std::string_view account) const {
  if (!estate_.linkerd_injected(pods.ns(), &pods)) return std::nullopt;
  const auto guarded = linkerd(pods, port);
  const auto identity = fmt::format("{}.{}{}", account, ns, policy::ProxyIdentity::kSuffix);
  const auto spiffe = fmt::format("spiffe://cluster.local/ns/{}/sa/{}", ns, account);
  if (!guarded.complete || !guarded.comparable || !guarded.origin.known() ||
      policy::ClientAuthorization::decide(guarded.clients, {"", identity, spiffe}))
    return std::nullopt;
  return ClosedDoor{{guarded.origin, 0}, "this decides who is let in", "does not let this account in"};
}

}  // namespace marty::rules
