#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "engine/program_shared.hpp"

/// The outbound program as Linkerd's proxy has it (linkerd.md 3.2 to 3.7): a balancer for each pair of the
/// Service that was called and the Service that answers, all routes of a Service compared with each other,
/// and a ServiceProfile that, once it says anything about routes, makes all the rest of no effect.
namespace marty::engine {
namespace {

using Table = mesh::RouteTable;

constexpr Duration kConnectTimeout = 1s, kPoolIdle = 3s;

/// How closely a match describes a request: path by length, whatever its kind, then the number of headers and
/// query parameters, then a method. A regular expression covers the whole path, so none is longer.
auto closeness(const ProgramRoute& route) {
  const auto* match = route.matches.empty() ? nullptr : &route.matches.front();
  std::size_t path = 1;
  if (match && match->uri)
    path = match->uri->kind == policy::StringMatch::Kind::kRegex ? SIZE_MAX : match->uri->text.size();
  return std::tuple(path, match ? match->headers.size() : 0, match ? match->query_params.size() : 0,
                    match && match->method);
}

bool in_force(const Table& profile) { return !profile.routes.empty() || !profile.overrides.empty(); }

class LinkerdCompiler {
 public:
  LinkerdCompiler(const mesh::Model& model, std::span<const Instance> instances, Program& into)
      : model_(model), instances_(instances), program_(into) {}

  void run() {
    for (const auto& service : model_.services)
      for (const auto& port : service.ports) add_host(service, port);
  }

 private:
  void add_host(const mesh::Service&, const mesh::ServicePort&);
  const Table* profile_for(const std::string& fqdn) const;
  void add_profile(VirtualHost&, const Table&, const mesh::Service&, const mesh::ServicePort&);
  void add_routes(VirtualHost&, const mesh::Service&, const mesh::ServicePort&);
  ProgramRoute compile(const mesh::Route&, const mesh::Service&, const mesh::ServicePort&);
  ProgramRoute default_route(const mesh::Service&, const mesh::ServicePort&);
  void add_destinations(ProgramRoute&, const std::vector<mesh::WeightedDestination>&,
                        const mesh::Service& parent, const mesh::ServicePort&);
  std::uint32_t destination(ProgramRoute&, const mesh::WeightedDestination&, const mesh::Service& parent,
                            const mesh::ServicePort& came_to);
  std::uint32_t balancer(const mesh::Service& parent, const mesh::ServicePort& came_to,
                         const mesh::Service& backend, const mesh::ServicePort&);
  void discover(Cluster&, const mesh::Service&, std::uint16_t target);

  const mesh::Model& model_;
  std::span<const Instance> instances_;
  Program& program_;
  TextMap<std::uint32_t> by_name_;
  bool profiled_ = false;  // the host being compiled is under a profile: no breaker
};

void LinkerdCompiler::add_host(const mesh::Service& service, const mesh::ServicePort& port) {
  VirtualHost host;
  host.service = service.fqdn();
  host.name = fmt::format("{}:{}", host.service, port.port);
  host.service_name = service.name;
  host.service_ns = service.ns;
  host.port = port.port;
  const auto* profile = profile_for(host.service);
  profiled_ = profile != nullptr;
  if (profile) {
    add_profile(host, *profile, service, port);
  } else {
    add_routes(host, service, port);
  }
  add_names(program_, service, port.port, static_cast<std::uint32_t>(program_.hosts.size()));
  program_.hosts.push_back(std::move(host));
}

/// The client's namespace is asked first, then the service's.
const Table* LinkerdCompiler::profile_for(const std::string& fqdn) const {
  const auto service_ns =
      fqdn.substr(fqdn.find('.') + 1, fqdn.find('.', fqdn.find('.') + 1) - fqdn.find('.') - 1);
  for (const auto& ns : {program_.self.ns, service_ns})
    for (const auto& table : model_.route_tables)
      if (table.kind == Table::Kind::kServiceProfile && table.ns == ns && !table.hosts.empty() &&
          *table.hosts.front() == fqdn)
        return in_force(table) ? &table : nullptr;
  return nullptr;
}

void LinkerdCompiler::add_profile(VirtualHost& host, const Table& profile, const mesh::Service& service,
                                  const mesh::ServicePort& port) {
  host.origin = profile.origin;
  host.budget = profile.budget.value_or(policy::RetryBudget::Config{});
  const auto add = [&](ProgramRoute route) {
    route.kind = "ServiceProfile";
    route.ns = profile.ns;
    if (!profile.overrides.empty()) {
      route.clusters.clear();
      route.cluster_origins.clear();
      add_destinations(route, profile.overrides, service, port);
    }
    host.routes.push_back(std::move(route));
  };
  for (const auto& route : profile.routes) add(compile(route, service, port));
  auto rest = default_route(service, port);
  rest.name = "[DEFAULT]";
  rest.status_retries.reset();
  rest.timeout = Sourced<Duration>{};
  rest.timeouts = {};
  add(std::move(rest));
}

/// Routes of the Service's own namespace hold for every client, others for clients of theirs.
void LinkerdCompiler::add_routes(VirtualHost& host, const mesh::Service& service,
                                 const mesh::ServicePort& port) {
  bool any = false;
  for (const auto& table : model_.route_tables) {
    if (table.kind != Table::Kind::kHttpRoute || (table.ns != service.ns && table.ns != program_.self.ns))
      continue;
    if (table.port != 0 && table.port != port.port) continue;
    if (std::none_of(table.hosts.begin(), table.hosts.end(),
                     [&](const auto& h) { return *h == host.service; }))
      continue;
    if (!any) host.origin = table.origin;
    any = true;
    for (const auto& route : table.routes) {
      auto whole = compile(route, service, port);
      whole.group = table.group;
      whole.kind = "HTTPRoute";
      whole.ns = table.ns;
      whole.name = table.name;
      auto matches = std::exchange(whole.matches, {});
      if (matches.empty()) host.routes.push_back(whole);
      for (auto& match : matches) {
        auto one = whole;
        one.matches.push_back(std::move(match));
        host.routes.push_back(std::move(one));
      }
    }
  }
  if (!any) return host.routes.push_back(default_route(service, port));
  sort_by_closeness(host);
}

ProgramRoute LinkerdCompiler::default_route(const mesh::Service& service, const mesh::ServicePort& port) {
  ProgramRoute route;
  route.name = "http";
  route.kind = "default";
  route.status_retries = service.callers.retries;
  route.timeouts = service.callers.timeouts;
  if (route.timeouts.request) route.timeout = *route.timeouts.request;
  route.clusters.push_back(balancer(service, port, service, port));
  route.cluster_origins.emplace_back();
  route.unusable.emplace_back();
  return route;
}

/// A route with any retry or timeout of its own takes none of that sort from its Service.
ProgramRoute LinkerdCompiler::compile(const mesh::Route& from, const mesh::Service& service,
                                      const mesh::ServicePort& port) {
  ProgramRoute route;
  route.name = from.name;
  route.matches = from.matches;
  route.direct = from.direct;
  route.classes = from.classes;
  route.request_headers = from.request_headers;
  route.response_headers = from.response_headers;
  route.origin = from.origin;
  if (!profiled_) route.status_retries = from.status_retries ? from.status_retries : service.callers.retries;
  route.timeouts = from.timeouts;
  if (from.timeout && !route.timeouts.request) route.timeouts.request = from.timeout;
  if (!profiled_ && !route.timeouts.any()) route.timeouts = service.callers.timeouts;
  if (route.timeouts.request) route.timeout = *route.timeouts.request;
  if (from.destinations.empty()) {
    route.clusters.push_back(balancer(service, port, service, port));
    route.cluster_origins.emplace_back();
    route.unusable.emplace_back();
  } else {
    add_destinations(route, from.destinations, service, port);
  }
  return route;
}

void LinkerdCompiler::add_destinations(ProgramRoute& route, const std::vector<mesh::WeightedDestination>& to,
                                       const mesh::Service& parent, const mesh::ServicePort& port) {
  std::vector<std::uint32_t> weights;
  for (const auto& one : to) {
    weights.push_back(*one.weight);
    route.unusable.emplace_back();
    route.clusters.push_back(destination(route, one, parent, port));
    route.cluster_origins.push_back(one.weight.written() ? one.weight.origin : one.origin);
  }
  route.split = policy::WeightedSplit(std::move(weights));
}

/// A backend that is not there keeps its share, and answers it with 500.
std::uint32_t LinkerdCompiler::destination(ProgramRoute& route, const mesh::WeightedDestination& to,
                                           const mesh::Service& parent, const mesh::ServicePort& came_to) {
  if (!to.unusable.empty()) {
    route.unusable.back() = to.unusable;
    return Program::kNoCluster;
  }
  const auto* service = model_.service(*to.host);
  const auto number = to.port != 0 ? to.port : came_to.port;
  if (service) {
    const auto port = std::find_if(service->ports.begin(), service->ports.end(),
                                   [&](const auto& p) { return p.port == number; });
    if (port != service->ports.end()) return balancer(parent, came_to, *service, *port);
  }
  route.unusable.back() = service
                              ? fmt::format("no port {} on Service {}", number, service->name)
                              : fmt::format("Service not found {}", to.host->substr(0, to.host->find('.')));
  return Program::kNoCluster;
}

std::uint32_t LinkerdCompiler::balancer(const mesh::Service& parent, const mesh::ServicePort& came_to,
                                        const mesh::Service& backend, const mesh::ServicePort& port) {
  Cluster made;
  made.service = backend.fqdn();
  made.name = fmt::format("{}:{}", made.service, port.port);
  if (&parent != &backend || came_to.port != port.port)
    made.name =
        fmt::format("{}:{} via {}.{}:{}", made.service, port.port, parent.name, parent.ns, came_to.port);
  if (profiled_) made.name += " (profile)";
  if (const auto known = by_name_.find(made.name); known != by_name_.end()) return known->second;
  made.service_name = backend.name;
  made.service_ns = backend.ns;
  made.port = port.port;
  made.parent_name = parent.name;
  made.parent_ns = parent.ns;
  made.parent_port = came_to.port;
  made.origin = backend.origin;
  made.balancer = policy::LoadBalancer::kPeakEwma;
  made.limits.connect_timeout = kConnectTimeout;
  made.limits.idle_timeout = kPoolIdle;
  // The breaker is the called Service's, whichever backend answers.
  if (!profiled_) made.accrual = parent.callers.accrual;
  discover(made, backend, target_of(port));
  const auto index = static_cast<std::uint32_t>(program_.clusters.size());
  by_name_.emplace(made.name, index);
  program_.clusters.push_back(std::move(made));
  return index;
}

void LinkerdCompiler::discover(Cluster& into, const mesh::Service& service, std::uint16_t target) {
  for (const auto& workload : model_.workloads) {
    if (!covers(service, workload)) continue;
    for (const auto& instance : instances_) {
      if (instance.ns != workload.ns || instance.workload != workload.name) continue;
      Endpoint endpoint;
      endpoint.address.text = instance.sidecar || instance.app_address.empty()
                                  ? fmt::format("{}:{}", instance.ip, target)
                                  : instance.app_address;
      endpoint.owner = self_of(workload, instance);
      if (instance.sidecar) {
        endpoint.security = Security::kMutualTls;
        endpoint.expected_identities = {identity_of(workload)};
        endpoint.server_name = policy::ProxyIdentity(endpoint.expected_identities.front()).view();
      }
      into.endpoints.push_back(std::move(endpoint));
    }
  }
}

}  // namespace

void sort_by_closeness(VirtualHost& host) {
  std::stable_sort(host.routes.begin(), host.routes.end(),
                   [](const auto& a, const auto& b) { return closeness(a) > closeness(b); });
}

void compile_linkerd_outbound(const mesh::Model& model, std::span<const Instance> instances, Program& into) {
  LinkerdCompiler(model, instances, into).run();
}

}  // namespace marty::engine
