#include <fmt/format.h>

#include <algorithm>

#include "dialect/linkerd/authentication.hpp"
#include "dialect/linkerd/authorization_policy.hpp"
#include "dialect/linkerd/rate_limit.hpp"
#include "dialect/linkerd/read.hpp"
#include "dialect/linkerd/read_callers.hpp"
#include "dialect/linkerd/server.hpp"
#include "dialect/linkerd/server_authorization.hpp"

namespace marty::dialect::linkerd {

using manifest::Resource;
using Auth = policy::ClientAuthorization::Auth;
using Target = mesh::ServerAuthorization::Target;

namespace {

/// Without networks a ServerAuthorization means the cluster's own; the local mesh's loopback stands for them.
constexpr const char* kClusterNetworks[] = {"10.0.0.0/8",     "100.64.0.0/10", "172.16.0.0/12",
                                            "192.168.0.0/16", "fd00::/8",      "127.0.0.0/8"};

std::string account_identity(const std::string& name, const std::string& ns) {
  return fmt::format("{}.{}{}", name, ns, policy::ProxyIdentity::kSuffix);
}

mesh::Selector selector_of(const std::optional<LabelSelector>& wire) {
  mesh::Selector selector;
  if (!wire) return selector;
  selector.labels = wire->match_labels;
  for (const auto& one : wire->match_expressions) {
    mesh::Selector::Expression expression{*one.key, static_cast<mesh::Selector::Operator>(*one.op), {}};
    for (const auto& value : one.values) expression.values.push_back(*value);
    selector.expressions.push_back(std::move(expression));
  }
  return selector;
}
using Operator = mesh::Selector::Operator;
static_assert(static_cast<int>(Operator::kIn) == static_cast<int>(LabelSelector::Operator::kIn) &&
              static_cast<int>(Operator::kNotIn) == static_cast<int>(LabelSelector::Operator::kNotIn) &&
              static_cast<int>(Operator::kExists) == static_cast<int>(LabelSelector::Operator::kExists));

mesh::Labels labels_of(const Resource& resource) {
  manifest::Metadata metadata;
  Diagnostics said_before;
  if (const auto* node = resource.root.find("metadata")) decode(*node, metadata, resource.ref(), said_before);
  return metadata.labels;
}

mesh::Server::Protocol protocol_of(Server::Protocol wire) {
  using enum mesh::Server::Protocol;
  constexpr mesh::Server::Protocol kAll[] = {kUnknown, kHttp1, kHttp2, kGrpc, kOpaque, kTls};
  return kAll[static_cast<std::size_t>(wire)];
}

policy::ClientAuthorization clients_of(const Resource& resource) {
  policy::ClientAuthorization clients;
  clients.kind = *resource.kind;
  clients.ns = *resource.ns;
  clients.name = *resource.name;
  clients.origin = resource.name.origin;
  return clients;
}

}  // namespace

std::vector<policy::ClientAuthorization::Network> to_model(const std::vector<Network>& wire) {
  std::vector<policy::ClientAuthorization::Network> networks;
  for (const auto& one : wire) {
    std::vector<std::string> except;
    for (const auto& hole : one.except) except.push_back(*hole);
    if (auto network = policy::parse_network(*one.cidr, except)) networks.push_back(std::move(*network));
  }
  return networks;
}

void read_server(const Resource& resource, mesh::Model& model, Diagnostics& found) {
  const auto wire = decode_server(resource, found).spec;
  if (!wire.pod_selector) return;  // of workloads outside of the cluster
  mesh::Server server;
  server.ns = *resource.ns;
  server.name = *resource.name;
  server.labels = labels_of(resource);
  server.pods = selector_of(wire.pod_selector);
  server.port_name = wire.port->text;
  if (server.port_name.empty()) server.port = static_cast<std::uint16_t>(wire.port->number);
  server.protocol = {protocol_of(*wire.proxy_protocol), wire.proxy_protocol.origin};
  if (*wire.proxy_protocol != Server::Protocol::kUnknown && *wire.proxy_protocol != Server::Protocol::kHttp1)
    found
        .warning("not-enforced", {wire.proxy_protocol.origin, 0},
                 "the local mesh takes every port for HTTP/1.1")
        .object = resource.ref();
  server.access = to_model(wire.access_policy);
  server.origin = resource.name.origin;
  model.servers.push_back(std::move(server));
}

void read_server_authorization(const Resource& resource, mesh::Model& model, Diagnostics& found) {
  const auto wire = decoded<ServerAuthorization>(resource, found).spec;
  mesh::ServerAuthorization made;
  made.clients = clients_of(resource);
  if (wire.server.name) {
    made.target_name = *wire.server.name;
  } else {
    made.target = Target::kServersWithLabels;
    made.server_labels = selector_of(wire.server.selector);
  }
  auto& clients = made.clients;
  clients.networks = to_model(wire.client.networks);
  if (wire.client.networks.empty())
    for (const auto* cidr : kClusterNetworks) clients.networks.push_back(*policy::parse_network(cidr));
  if (const auto& tls = wire.client.mesh_tls) {
    clients.auth = *tls->unauthenticated_tls ? Auth::kMeshTls : Auth::kIdentity;
    clients.identities = tls->identities;
    for (const auto& account : tls->service_accounts)
      clients.identities.push_back(
          {account_identity(*account.name, account.ns ? **account.ns : *resource.ns), account.name.origin});
    // Linkerd drops one that names nobody.
    if (clients.auth == Auth::kIdentity && clients.identities.empty()) return;
  } else if (!*wire.client.unauthenticated) {
    return;
  }
  model.server_authorizations.push_back(std::move(made));
}

void read_authorization_policy(const Resource& resource, mesh::Model& model, Diagnostics& found) {
  const auto wire = decode_authorization_policy(resource, found).spec;
  mesh::ServerAuthorization made;
  made.clients = clients_of(resource);
  made.target_name = wire.target_ref.name;
  made.target = is(wire.target_ref, "", "Namespace") || is(wire.target_ref, "core", "Namespace")
                    ? Target::kNamespace
                : *wire.target_ref.kind == "HTTPRoute" ? Target::kRoute
                                                       : Target::kServer;
  for (const auto& ref : wire.required_authentication_refs)
    made.references.push_back({*ref.kind, ref.ns ? **ref.ns : *resource.ns, *ref.name, ref.origin});
  model.server_authorizations.push_back(std::move(made));
}

void read_mesh_tls_authentication(const Resource& resource, mesh::Model& model, Diagnostics& found) {
  const auto wire = decoded<MeshTlsAuthentication>(resource, found).spec;
  mesh::Authentication made{*resource.kind, *resource.ns, *resource.name, {}, {}, resource.name.origin};
  if (wire.identities) made.identities = *wire.identities;
  if (wire.identity_refs) {
    for (const auto& ref : *wire.identity_refs) {
      const bool whole = *ref.kind == "Namespace";
      const auto name = ref.name ? **ref.name : std::string();
      const auto identity = whole ? fmt::format("*.{}{}", name, policy::ProxyIdentity::kSuffix)
                                  : account_identity(name, ref.ns ? **ref.ns : *resource.ns);
      made.identities.push_back({identity, ref.origin});
    }
  }
  model.authentications.push_back(std::move(made));
}

void read_network_authentication(const Resource& resource, mesh::Model& model, Diagnostics& found) {
  const auto wire = decoded<NetworkAuthentication>(resource, found).spec;
  model.authentications.push_back(
      {*resource.kind, *resource.ns, *resource.name, {}, to_model(wire.networks), resource.name.origin});
}

void read_rate_limit(const Resource& resource, mesh::Model& model, Diagnostics& found) {
  const auto before = found.has_errors();
  const auto wire = decoded<HttpLocalRateLimitPolicy>(resource, found).spec;
  if (!before && found.has_errors()) return;
  mesh::ServerRateLimit made;
  made.server = wire.target_ref.name;
  auto& limit = made.limit;
  limit.ns = *resource.ns;
  limit.name = *resource.name;
  limit.origin = resource.name.origin;
  const auto rps = [](const HttpLocalRateLimitPolicy::Limit& one) {
    const auto& written = one.requests_per_second;
    return Sourced<std::uint32_t>{
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(*written, 1, UINT32_MAX)), written.origin};
  };
  if (wire.total) limit.total = rps(*wire.total);
  if (wire.identity) limit.identity = rps(*wire.identity);
  for (const auto& one : wire.overrides) {
    policy::ClientRateLimit::Override special{rps(one), {}, one.origin};
    for (const auto& client : one.client_refs)
      special.identities.push_back(account_identity(*client.name, client.ns ? **client.ns : *resource.ns));
    limit.overrides.push_back(std::move(special));
  }
  if (limit.total || limit.identity || !limit.overrides.empty())
    model.server_rate_limits.push_back(std::move(made));
}

}  // namespace marty::dialect::linkerd
