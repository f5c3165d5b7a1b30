#include <fmt/format.h>

#include <algorithm>

#include "engine/destination_policy.hpp"
#include "engine/program_shared.hpp"

namespace marty::engine {

std::string identity_of(const mesh::Workload& workload) {
  return fmt::format("spiffe://cluster.local/ns/{}/sa/{}", workload.ns, workload.service_account);
}

Self self_of(const mesh::Workload& workload, const Instance& instance) {
  return {instance.pod,          workload.ns,
          workload.name,         workload.service_account,
          workload.label("app"), workload.label("version"),
          instance.ip,           workload.labels};
}

bool covers(const mesh::Service& service, const mesh::Workload& workload) {
  return service.ns == workload.ns && !service.selector.empty() &&
         mesh::selects(service.selector, workload.labels);
}

std::uint16_t target_of(const mesh::ServicePort& port) {
  return port.target_port ? port.target_port : port.port;
}

void add_names(Program& program, const mesh::Service& service, std::uint16_t port, std::uint32_t host) {
  const auto short_name = service.name + "." + service.ns;
  std::vector<std::string> domains{service.fqdn(), short_name, short_name + ".svc"};
  if (service.ns == program.self.ns) domains.push_back(service.name);
  for (const auto& domain : domains) {
    program.host_index.emplace(fmt::format("{}:{}", domain, port), host);
    if (port == 80) program.host_index.emplace(domain, host);
  }
}

namespace {

class OutboundCompiler {
 public:
  OutboundCompiler(const mesh::Model& model, std::span<const Instance> instances, Program& into)
      : model_(model), instances_(instances), program_(into) {}

  void run() {
    const auto* scope = model_.sidecar(program_.self.ns, program_.self.labels, kRootNamespace);
    if (scope) program_.scope_origin = scope->egress.empty() ? scope->origin : scope->egress.front().origin;
    for (const auto& service : model_.services) {
      if (scope && !scope->knows(service)) continue;
      for (const auto& port : service.ports) add_host(service, port);
    }
  }

 private:
  void add_host(const mesh::Service&, const mesh::ServicePort&);
  const mesh::RouteTable* table_for(const std::string& fqdn) const;
  ProgramRoute default_route(const mesh::Service&, const mesh::ServicePort&);
  ProgramRoute compile(const mesh::Route&, const mesh::ServicePort&);
  std::uint32_t destination(const mesh::WeightedDestination&, const mesh::ServicePort& came_to);
  std::uint32_t cluster(const mesh::Service&, const mesh::ServicePort&, const std::string& subset);
  void discover(Cluster&, const mesh::Service&, const mesh::ServicePort&, const mesh::Subset*,
                const std::optional<Sourced<policy::MtlsMode>>& tls);

  const mesh::Model& model_;
  std::span<const Instance> instances_;
  Program& program_;
  TextMap<std::uint32_t> by_name_;
};

void OutboundCompiler::add_host(const mesh::Service& service, const mesh::ServicePort& port) {
  VirtualHost host;
  host.service = service.fqdn();
  host.name = fmt::format("{}:{}", host.service, port.port);
  if (const auto* table = table_for(host.service)) {
    host.origin = table->origin;
    for (const auto& route : table->routes) {
      host.routes.push_back(compile(route, port));
      const bool everything =
          route.matches.empty() || std::any_of(route.matches.begin(), route.matches.end(),
                                               [](const auto& m) { return m.matches_everything(); });
      if (everything) break;  // Istio generates nothing after a catch-all
    }
  }
  if (host.routes.empty()) host.routes.push_back(default_route(service, port));

  add_names(program_, service, port.port, static_cast<std::uint32_t>(program_.hosts.size()));
  program_.hosts.push_back(std::move(host));
}

/// Tables for one host are not merged: the closest host name counts, of equals the first.
const mesh::RouteTable* OutboundCompiler::table_for(const std::string& fqdn) const {
  const mesh::RouteTable* best = nullptr;
  std::size_t best_length = 0;
  for (const auto& table : model_.route_tables) {
    if (table.kind != mesh::RouteTable::Kind::kVirtualService) continue;
    for (const auto& host : table.hosts) {
      if (*host == fqdn) return &table;
      const bool wildcard = host->starts_with('*') && fqdn.ends_with(std::string_view(*host).substr(1));
      if (wildcard && host->size() > best_length) {
        best = &table;
        best_length = host->size();
      }
    }
  }
  return best;
}

ProgramRoute OutboundCompiler::default_route(const mesh::Service& service, const mesh::ServicePort& port) {
  ProgramRoute route;
  route.name = "default";
  route.clusters.push_back(cluster(service, port, ""));
  route.cluster_origins.emplace_back();
  route.retries.emplace();
  return route;
}

ProgramRoute OutboundCompiler::compile(const mesh::Route& from, const mesh::ServicePort& port) {
  ProgramRoute route;
  route.name = from.name;
  route.matches = from.matches;
  route.direct = from.direct;
  if (from.timeout) route.timeout = *from.timeout;
  if (!from.retries) route.retries.emplace();
  if (from.retries && *from.retries->attempts != 0) route.retries = from.retries;
  route.fault = from.fault;
  route.request_headers = from.request_headers;
  route.response_headers = from.response_headers;
  route.origin = from.origin;
  std::vector<std::uint32_t> weights;
  for (const auto& to : from.destinations) {
    weights.push_back(*to.weight);
    route.clusters.push_back(destination(to, port));
    route.cluster_origins.push_back(to.weight.written() ? to.weight.origin : to.origin);
  }
  if (!weights.empty()) route.split = policy::WeightedSplit(std::move(weights));
  return route;
}

/// An unknown host, port or subset names a cluster that does not exist: Istio programs the route all the
/// same.
std::uint32_t OutboundCompiler::destination(const mesh::WeightedDestination& to,
                                            const mesh::ServicePort& came_to) {
  const auto* service = model_.service(*to.host);
  if (!service) return Program::kNoCluster;
  const auto number = to.port != 0                 ? to.port
                      : service->ports.size() == 1 ? service->ports.front().port
                                                   : came_to.port;
  const auto port = std::find_if(service->ports.begin(), service->ports.end(),
                                 [&](const auto& p) { return p.port == number; });
  return port == service->ports.end() ? Program::kNoCluster : cluster(*service, *port, *to.subset);
}

std::uint32_t OutboundCompiler::cluster(const mesh::Service& service, const mesh::ServicePort& port,
                                        const std::string& subset_name) {
  Cluster made;
  made.service = service.fqdn();
  made.name = fmt::format("outbound|{}|{}|{}", port.port, subset_name, made.service);
  if (const auto known = by_name_.find(made.name); known != by_name_.end()) return known->second;

  const DestinationView view(model_, program_.self.ns, service);
  const mesh::Subset* subset = nullptr;
  if (!subset_name.empty()) {
    subset = view.subset(subset_name);
    if (!subset) return Program::kNoCluster;
  }
  const auto policy = view.policy(subset);
  made.service_name = service.name;
  made.service_ns = service.ns;
  made.subset = subset_name;
  made.origin = subset ? subset->origin : view.origin();
  if (policy.limits) made.limits = *policy.limits;
  made.outliers = policy.outliers;
  if (policy.balancer) {
    made.balancer = **policy.balancer;
    made.balancer_origin = policy.balancer->origin;
  }
  discover(made, service, port, subset, policy.tls);

  const auto index = static_cast<std::uint32_t>(program_.clusters.size());
  by_name_.emplace(made.name, index);
  program_.clusters.push_back(std::move(made));
  return index;
}

void OutboundCompiler::discover(Cluster& into, const mesh::Service& service, const mesh::ServicePort& port,
                                const mesh::Subset* subset,
                                const std::optional<Sourced<policy::MtlsMode>>& tls) {
  const auto target = target_of(port);
  if (tls) into.security_origin = tls->origin;
  std::vector<std::string> identities;
  for (const auto& workload : model_.workloads) {
    if (!covers(service, workload)) continue;
    // The server may be any account of the service, whichever subset was asked for.
    if (auto identity = identity_of(workload);
        std::find(identities.begin(), identities.end(), identity) == identities.end())
      identities.push_back(std::move(identity));
    if (subset && !mesh::selects(subset->labels, workload.labels)) continue;
    const auto server =
        policy::effective_mtls(model_.mtls, workload.ns, workload.labels, target, kRootNamespace);
    if (!tls && !into.security_origin.known()) into.security_origin = server.origin;
    for (const auto& instance : instances_) {
      if (instance.ns != workload.ns || instance.workload != workload.name) continue;
      const bool automatic = instance.sidecar && *server != policy::MtlsMode::kDisable;
      const bool secure = tls ? **tls != policy::MtlsMode::kDisable : automatic;
      Endpoint endpoint;
      // A server that runs already and has no sidecar is wherever it says, whatever the Service's target
      // port.
      endpoint.address.text = instance.sidecar || instance.app_address.empty()
                                  ? fmt::format("{}:{}", instance.ip, target)
                                  : instance.app_address;
      endpoint.owner = self_of(workload, instance);
      if (secure) {
        endpoint.security = Security::kMutualTls;
        endpoint.server_name = fmt::format("outbound_.{}_.{}_.{}", port.port, into.subset, into.service);
      }
      into.endpoints.push_back(std::move(endpoint));
    }
  }
  for (auto& endpoint : into.endpoints)
    if (endpoint.security == Security::kMutualTls) endpoint.expected_identities = identities;
}

}  // namespace

std::shared_ptr<const Program> compile_outbound(const mesh::Model& model, const Self& self,
                                                std::span<const Instance> instances,
                                                std::shared_ptr<const SourceMap> sources,
                                                std::uint64_t generation) {
  auto program = std::make_shared<Program>();
  program->direction = Direction::kOutbound;
  program->self = self;
  program->sources = std::move(sources);
  program->generation = generation;
  program->mesh_kind = model.mesh_kind;
  if (model.mesh_kind == mesh::MeshKind::kLinkerd) {
    compile_linkerd_outbound(model, instances, *program);
  } else {
    OutboundCompiler(model, instances, *program).run();
  }
  return program;
}

}  // namespace marty::engine
