#include <fmt/format.h>

#include "engine/program_shared.hpp"

namespace marty::engine {
namespace {

/// Istio's retry of the application behind a sidecar: only where the request certainly did not reach it.
policy::Retry::Config inbound_retries() {
  policy::Retry::Config config;
  config.attempts = {2, {}};
  config.on = {policy::Retry::kResetBeforeRequest, {}};
  config.avoid_previous_hosts = false;
  return config;
}

}  // namespace

Cluster application_cluster(const mesh::Model& model, const Self& self, std::uint16_t port,
                            const Address& application, std::uint16_t& service_port) {
  Cluster cluster;
  cluster.name = fmt::format("inbound|{}||", port);
  for (const auto& service : model.services) {
    if (service.ns != self.ns || service.selector.empty() || !mesh::selects(service.selector, self.labels))
      continue;
    for (const auto& offered : service.ports) {
      if (target_of(offered) != port || !cluster.service.empty()) continue;
      cluster.service = service.fqdn();
      cluster.service_name = service.name;
      cluster.service_ns = service.ns;
      service_port = offered.port;
    }
  }
  Endpoint endpoint;
  endpoint.address = application;
  endpoint.owner = self;
  cluster.endpoints.push_back(std::move(endpoint));
  return cluster;
}

namespace {

VirtualHost application_host(const Cluster& cluster, std::uint16_t service_port) {
  VirtualHost host;
  host.name = fmt::format("inbound|http|{}", service_port);
  host.service = cluster.service;
  ProgramRoute route;
  route.name = "default";
  route.clusters.push_back(0);
  route.cluster_origins.emplace_back();
  route.retries = inbound_retries();
  host.routes.push_back(std::move(route));
  return host;
}

bool applies(const std::string& ns, const mesh::Labels& selector, const Self& self) {
  return (ns == self.ns || ns == kRootNamespace) && mesh::selects(selector, self.labels);
}

}  // namespace

std::shared_ptr<const Program> compile_inbound(const mesh::Model& model, const Self& self, std::uint16_t port,
                                               const Address& application,
                                               std::shared_ptr<const SourceMap> sources,
                                               std::uint64_t generation) {
  auto program = std::make_shared<Program>();
  program->direction = Direction::kInbound;
  program->self = self;
  program->port = port;
  program->sources = std::move(sources);
  program->generation = generation;

  for (const auto& workload : model.workloads)
    program->peers.emplace(identity_of(workload), self_of(workload, {}));
  program->mesh_kind = model.mesh_kind;
  if (model.mesh_kind == mesh::MeshKind::kLinkerd) {
    compile_linkerd_inbound(model, application, *program);
    return program;
  }

  std::uint16_t service_port = port;
  program->clusters.push_back(application_cluster(model, self, port, application, service_port));
  program->hosts.push_back(application_host(program->clusters.front(), service_port));

  program->mtls = policy::effective_mtls(model.mtls, self.ns, self.labels, port, kRootNamespace);
  for (const auto& scope : model.authorization)
    if (!scope.dry_run && applies(scope.policy.ns, scope.selector, self))
      program->authorization.push_back(scope.policy);
  for (const auto& limit : model.rate_limits)
    if ((limit.port == 0 || limit.port == port) && applies(limit.ns, limit.selector, self))
      program->rate_limits.push_back(limit.limit);
  return program;
}

}  // namespace marty::engine
