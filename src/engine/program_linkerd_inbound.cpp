#include <fmt/format.h>

#include <algorithm>

#include "engine/program_shared.hpp"

/// The inbound program as Linkerd's proxy has it (linkerd.md 3.8): which Server speaks for the port, whom its
/// routes let in, and the rate limit in front of the application.
namespace marty::engine {
namespace {

using policy::ClientAuthorization;
using Auth = ClientAuthorization::Auth;

constexpr const char* kClusterNetworks[] = {"10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16",
                                            "fd00::/8",
                                            // Ours: the loopback addresses that stand for a cluster's.
                                            "127.0.0.0/8"};

const char* name_of(mesh::DefaultInbound policy) {
  static constexpr const char* kNames[] = {"all-unauthenticated",
                                           "all-authenticated",
                                           "cluster-unauthenticated",
                                           "cluster-authenticated",
                                           "deny",
                                           "audit"};
  return kNames[static_cast<std::size_t>(policy)];
}

/// What a default policy lets in; nothing for deny.
std::optional<ClientAuthorization> authorization_of(const Sourced<mesh::DefaultInbound>& policy) {
  using enum mesh::DefaultInbound;
  if (*policy == kDeny) return {};
  ClientAuthorization clients;
  clients.kind = "default";
  clients.name = name_of(*policy);
  clients.origin = policy.origin;
  if (*policy == kAllAuthenticated || *policy == kClusterAuthenticated) {
    clients.auth = Auth::kIdentity;
    clients.identities.push_back({"*", policy.origin});
  }
  if (*policy == kClusterUnauthenticated || *policy == kClusterAuthenticated)
    for (const auto* cidr : kClusterNetworks) clients.networks.push_back(*policy::parse_network(cidr));
  return clients;
}

/// Linkerd lets a pod's own loopback in at every server it discovers. Here that is the pod's own address:
/// 127.0.0.1 is the machine's, from which callers come that are in no pod.
std::optional<ClientAuthorization> localhost(const Self& self) {
  ClientAuthorization clients;
  clients.kind = "default";
  clients.name = "localhost";
  auto own = policy::parse_network(self.ip);
  if (!own) return {};
  clients.networks.push_back(std::move(*own));
  return clients;
}

class InboundCompiler {
 public:
  InboundCompiler(const mesh::Model& model, Program& into)
      : model_(model), program_(into), self_(into.self) {}

  void run() {
    server_ = find_server();
    const auto standing_in = default_policy();
    program_.server_kind = server_ ? "server" : "default";
    program_.server_name = server_ ? server_->name : name_of(*standing_in);
    auto& host = program_.hosts.front();
    host.origin = server_ ? server_->origin : standing_in.origin;
    add_all(server_ ? server_->access : standing_in);
    if (server_) add_routes(host);
    if (host.routes.empty()) add_default_routes(host);
    add_rate_limit();
  }

 private:
  const mesh::Workload* workload() const {
    const auto found = std::find_if(model_.workloads.begin(), model_.workloads.end(), [&](const auto& w) {
      return w.ns == self_.ns && w.name == self_.workload;
    });
    return found == model_.workloads.end() ? nullptr : &*found;
  }

  const mesh::Server* find_server() const {
    for (const auto& server : model_.servers)
      if (server.ns == self_.ns && server.pods.matches(self_.labels) && covers_port(server)) return &server;
    return nullptr;
  }

  bool covers_port(const mesh::Server& server) const {
    if (server.port != 0) return server.port == program_.port;
    const auto* pods = workload();
    if (!pods) return false;
    const auto named = pods->named_ports.find(server.port_name);
    return named != pods->named_ports.end() &&
           std::find(named->second.begin(), named->second.end(), program_.port) != named->second.end();
  }

  /// The pod's annotation, else its namespace's, else the cluster's.
  Sourced<mesh::DefaultInbound> default_policy() const {
    if (const auto* pods = workload(); pods && pods->inbound_default) return *pods->inbound_default;
    for (const auto& ns : model_.namespaces)
      if (ns.name == self_.ns && ns.inbound_default) return *ns.inbound_default;
    return mesh::DefaultInbound::kAllUnauthenticated;
  }

  /// The authorizations that hold on every route.
  void add_all(const Sourced<mesh::DefaultInbound>& access) {
    for (const auto& one : model_.server_authorizations)
      if (server_ && targets_server(one)) add(one, all_);
    if (auto clients = authorization_of(access)) all_.push_back(std::move(*clients));
    if (auto clients = localhost(self_)) all_.push_back(std::move(*clients));
  }

  bool targets_server(const mesh::ServerAuthorization& one) const {
    using Target = mesh::ServerAuthorization::Target;
    if (one.clients.ns != server_->ns) return false;
    switch (one.target) {
      case Target::kServer:
        return *one.target_name == server_->name;
      case Target::kServersWithLabels:
        return one.server_labels.matches(server_->labels);
      case Target::kNamespace:
        return true;
      case Target::kRoute:
        break;
    }
    return false;
  }

  /// With what it refers to; a reference to nothing voids it.
  void add(const mesh::ServerAuthorization& one, std::vector<ClientAuthorization>& to) const {
    auto clients = one.clients;
    for (const auto& wanted : one.references) {
      if (wanted.kind == "ServiceAccount") {
        clients.auth = Auth::kIdentity;
        clients.identities.push_back(
            {fmt::format("{}.{}{}", wanted.name, wanted.ns, policy::ProxyIdentity::kSuffix), wanted.origin});
        continue;
      }
      const auto found = std::find_if(
          model_.authentications.begin(), model_.authentications.end(),
          [&](const auto& a) { return a.kind == wanted.kind && a.ns == wanted.ns && a.name == wanted.name; });
      if (found == model_.authentications.end()) return;
      if (!found->identities.empty()) clients.auth = Auth::kIdentity;
      clients.identities.insert(clients.identities.end(), found->identities.begin(), found->identities.end());
      clients.networks.insert(clients.networks.end(), found->networks.begin(), found->networks.end());
    }
    to.push_back(std::move(clients));
  }

  void add_routes(VirtualHost& host) {
    for (const auto& table : model_.route_tables) {
      const auto attached = std::any_of(table.servers.begin(), table.servers.end(),
                                        [&](const auto& name) { return *name == server_->name; });
      if (!attached || table.ns != server_->ns) continue;
      for (const auto& from : table.routes) {
        ProgramRoute route;
        route.name = table.name;
        route.group = table.group;
        route.kind = "HTTPRoute";
        route.ns = table.ns;
        route.direct = from.direct;
        route.request_headers = from.request_headers;
        route.origin = from.origin;
        for (const auto& one : model_.server_authorizations)
          if (one.target == mesh::ServerAuthorization::Target::kRoute && one.clients.ns == table.ns &&
              *one.target_name == table.name)
            add(one, route.clients);
        finish(route);
        if (from.matches.empty()) host.routes.push_back(route);
        for (const auto& match : from.matches) {
          route.matches = {match};
          host.routes.push_back(route);
        }
      }
    }
    sort_by_closeness(host);
  }

  void add_default_routes(VirtualHost& host) {
    ProgramRoute probe;
    probe.name = "probe";
    probe.kind = "default";
    if (const auto* pods = workload()) {
      for (const auto& [port, path] : pods->probes) {
        if (port != program_.port) continue;
        policy::RouteMatch match;
        match.method = policy::StringMatch{policy::StringMatch::Kind::kExact, "GET", false, {}, nullptr};
        match.uri = policy::StringMatch{policy::StringMatch::Kind::kExact, path, false, {}, nullptr};
        match.origin = pods->origin;
        probe.matches.push_back(std::move(match));
      }
    }
    if (!probe.matches.empty()) {
      ClientAuthorization anybody;
      anybody.kind = "default";
      anybody.name = "probe";
      probe.clients.push_back(std::move(anybody));
      finish(probe);
      host.routes.push_back(std::move(probe));
    }
    ProgramRoute rest;
    rest.name = "default";
    rest.kind = "default";
    finish(rest);
    host.routes.push_back(std::move(rest));
  }

  void finish(ProgramRoute& route) const {
    route.clients.insert(route.clients.end(), all_.begin(), all_.end());
    route.clusters.push_back(0);
    route.cluster_origins.emplace_back();
    route.unusable.emplace_back();
  }

  /// Only detected or declared HTTP carries it.
  void add_rate_limit() {
    using enum mesh::Server::Protocol;
    if (!server_ || *server_->protocol == kGrpc || *server_->protocol == kOpaque ||
        *server_->protocol == kTls)
      return;
    const auto found =
        std::find_if(model_.server_rate_limits.begin(), model_.server_rate_limits.end(),
                     [&](const auto& l) { return l.limit.ns == server_->ns && *l.server == server_->name; });
    if (found != model_.server_rate_limits.end()) program_.client_limit = found->limit;
  }

  const mesh::Model& model_;
  Program& program_;
  const Self& self_;
  const mesh::Server* server_ = nullptr;
  std::vector<ClientAuthorization> all_;
};

}  // namespace

void compile_linkerd_inbound(const mesh::Model& model, const Address& application, Program& into) {
  std::uint16_t service_port = into.port;
  into.clusters.push_back(application_cluster(model, into.self, into.port, application, service_port));
  auto& host = into.hosts.emplace_back();
  host.name = fmt::format("inbound {}", into.port);
  host.service = into.clusters.front().service;
  host.port = into.port;
  InboundCompiler(model, into).run();
}

}  // namespace marty::engine
