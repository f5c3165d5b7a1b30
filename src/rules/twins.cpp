#include "rules/twins.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/host_lookup.hpp"
#include "engine/route_index.hpp"

namespace marty::rules {

namespace {

constexpr std::size_t kQuestionsMax = 512;  ///< for one port; more would say nothing new
constexpr const char* kMethods[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH"};

/// "service-mesh-istio" and "service-mesh-linkerd" → "service-mesh-".
std::string without_mesh(std::string name) {
  for (const std::string_view mesh : {"istio", "linkerd"})
    if (const auto at = name.find(mesh); at != name.npos) name.erase(at, mesh.size());
  return name;
}

const engine::ProgramRoute* found_in(const engine::RouteIndex& routes, const Question& question) {
  std::vector<Header> headers;
  for (const auto& [name, value] : question.headers) headers.push_back({name, value});
  policy::RequestView request;
  request.method = question.method;
  request.path = question.path;
  request.headers = headers;
  return routes.find(request).route;
}

bool on_purpose(const engine::ProgramRoute& route) {
  return route.fault || route.direct ||
         std::any_of(route.unusable.begin(), route.unusable.end(),
                     [](const auto& why) { return !why.empty(); });
}

/// Each mesh has its own way to be scraped, and nobody but monitoring calls there.
bool for_monitoring(const mesh::ServicePort& port) {
  return port.name.find("metrics") != port.name.npos || port.name.find("prom") != port.name.npos;
}

/// What the routes of a host ask for, each kind of condition for itself.
struct Conditions {
  std::set<std::string> paths{"/"};
  std::set<std::vector<std::pair<std::string, std::string>>> headers{{}};

  void read(const engine::VirtualHost& host) {
    for (const auto& route : host.routes)
      for (const auto& match : route.matches) {
        if (match.uri)
          if (auto path = sample(*match.uri); path.starts_with('/')) paths.insert(std::move(path));
        std::vector<std::pair<std::string, std::string>> wanted;
        for (const auto& header : match.headers)
          if (auto value = sample(header.match); !value.empty()) wanted.emplace_back(header.name, value);
        if (wanted.size() == match.headers.size()) headers.insert(std::move(wanted));
      }
  }
};

}  // namespace

std::string Question::text() const {
  auto out = fmt::format("{} {}", method, path);
  for (std::size_t i = 0; i < headers.size(); ++i)
    out += fmt::format("{}{}: {}", i == 0 ? " with " : ", ", headers[i].first, headers[i].second);
  return out;
}

std::string sample(const policy::StringMatch& match) {
  using Kind = policy::StringMatch::Kind;
  switch (match.kind) {
    case Kind::kExact:
      return match.text;
    case Kind::kPrefix:
    case Kind::kPathPrefix:
      return match.text.starts_with('/') ? match.text + (match.text.ends_with('/') ? "x" : "/x")
                                         : match.text + "x";
    case Kind::kSuffix:
      return "x" + match.text;
    case Kind::kPresent:
      return "x";
    case Kind::kRegex:
      break;
  }
  return {};
}

Answers::Answers(const Estate& estate) : estate_(estate), doors_(estate) {
  const auto& model = estate.model();
  for (const auto& service : model.services) services_.emplace(service.fqdn(), &service);
  for (const auto& table : model.route_tables)
    for (const auto& host : table.hosts) tables_.emplace(host->starts_with('*') ? "*" : *host, &table);
  for (const auto& rule : model.destinations) rules_.emplace(rule.host, &rule);
}

/// What a call to the service touches, so that the cost of compiling it does not grow with the overlay.
mesh::Model Answers::part(const mesh::Service& service) const {
  mesh::Model out;
  out.mesh_kind = estate_.model().mesh_kind;
  std::set<std::string> hosts{service.fqdn()};
  for (const auto& of : {service.fqdn(), std::string("*")}) {
    const auto [first, last] = tables_.equal_range(of);
    for (auto table = first; table != last; ++table) {
      out.route_tables.push_back(*table->second);
      for (const auto& route : table->second->routes)
        for (const auto& to : route.destinations) hosts.insert(*to.host);
      for (const auto& to : table->second->overrides) hosts.insert(*to.host);
    }
  }
  std::set<const mesh::Workload*> pods;
  for (const auto& host : hosts) {
    const auto [first, last] = rules_.equal_range(host);
    for (auto rule = first; rule != last; ++rule) out.destinations.push_back(*rule->second);
    const auto known = services_.find(host);
    if (known == services_.end()) continue;
    out.services.push_back(*known->second);
    const auto behind = doors_.behind(*known->second);
    pods.insert(behind.begin(), behind.end());
  }
  for (const auto* workload : pods) out.workloads.push_back(*workload);
  return out;
}

const engine::Program& Answers::outbound(const mesh::Service& service) const {
  auto& program = outbound_[service.fqdn()];
  if (program != nullptr) return *program;
  const auto model = part(service);
  std::vector<engine::Instance> instances;
  for (const auto& workload : model.workloads)
    instances.push_back({workload.name + "-0",
                         workload.ns,
                         workload.name,
                         fmt::format("10.0.0.{}", instances.size() + 1),
                         true,
                         {}});
  program = engine::compile_outbound(model, {"caller", service.ns, "caller", "default", {}, {}, {}, {}},
                                     instances, nullptr, 1);
  return *program;
}

const engine::VirtualHost* Answers::host(const mesh::Service& service, std::uint16_t port) const {
  const auto& program = outbound(service);
  policy::RequestView request;
  const auto authority = fmt::format("{}:{}", service.fqdn(), port);
  request.authority = authority;
  request.port = port;
  const auto found = engine::find_host(program, request);
  return found ? &program.hosts[*found] : nullptr;
}

std::map<std::string, double> Answers::shares(const mesh::Service& service,
                                              const engine::ProgramRoute& route) const {
  std::map<std::string, double> out;
  for (std::size_t i = 0; i < route.clusters.size(); ++i) {
    if (route.split.percent(i) == 0) continue;
    if (route.clusters[i] == engine::Program::kNoCluster) return {};
    std::set<std::string> names;
    for (const auto& endpoint : outbound(service).clusters[route.clusters[i]].endpoints)
      names.insert(endpoint.owner.workload);
    if (names.empty()) return {};
    out[fmt::format("{}", fmt::join(names, " or "))] += route.split.percent(i);
  }
  return out;
}

void each_twins(const Comparison& comparison, const std::function<void(const Twins&)>& see) {
  if (comparison.of != Comparison::Of::kOverlays) return;
  std::map<std::string, std::vector<const Side*>> of[2];  // by mesh, then by the rest of the name
  for (const auto& side : comparison.sides)
    of[side.estate.model().mesh_kind == mesh::MeshKind::kLinkerd][without_mesh(side.name)].push_back(&side);
  if (of[0].size() == 1 && of[1].size() == 1 && of[0].begin()->second.size() == 1 &&
      of[1].begin()->second.size() == 1)
    return see(Twins(*of[0].begin()->second.front(), *of[1].begin()->second.front()));
  for (const auto& [name, istio] : of[0]) {
    const auto linkerd = of[1].find(name);
    if (linkerd != of[1].end() && istio.size() == 1 && linkerd->second.size() == 1)
      see(Twins(*istio.front(), *linkerd->second.front()));
  }
}

void each_port(const Twins& twins, const std::function<void(const TwinPort&)>& see) {
  std::map<std::pair<std::string_view, std::string_view>, const mesh::Service*> known;
  for (const auto& service : twins.linkerd.estate.model().services)
    known.emplace(std::pair(std::string_view(service.ns), std::string_view(service.name)), &service);
  for (const auto& service : twins.istio.estate.model().services) {
    const auto twin = known.find({service.ns, service.name});
    if (twin == known.end()) continue;
    for (const auto& port : service.ports) {
      const auto& others = twin->second->ports;
      if (for_monitoring(port) ||
          std::none_of(others.begin(), others.end(), [&](const auto& p) { return p.port == port.port; }))
        continue;
      see({twins, service, *twin->second, port.port,
           fmt::format("{}/{}:{}", service.ns, service.name, port.port)});
    }
  }
}

void each_port(const Comparison& comparison, const std::function<void(const TwinPort&)>& see) {
  each_twins(comparison, [&](const Twins& twins) { each_port(twins, see); });
}

void each_door(const TwinPort& port, const std::function<void(const TwinDoor&)>& see) {
  const auto target = [&](const mesh::Service& service) {
    const auto at = std::find_if(service.ports.begin(), service.ports.end(),
                                 [&](const auto& p) { return p.port == port.port; });
    return at->target_port != 0 ? at->target_port : at->port;
  };
  const auto &here = port.twins.under_istio.doors(), &there = port.twins.under_linkerd.doors();
  const auto behind = there.behind(port.linkerd);
  for (const auto* workload : here.behind(port.istio)) {
    const auto twin = std::find_if(behind.begin(), behind.end(),
                                   [&](const auto* other) { return other->name == workload->name; });
    if (twin != behind.end())
      see({*workload, here.at(*workload, target(port.istio)), there.at(**twin, target(port.linkerd))});
  }
}

void each_question(const TwinPort& port,
                   const std::function<void(const Question&, const engine::ProgramRoute&,
                                            const engine::ProgramRoute&)>& see) {
  const auto* istio = port.twins.under_istio.host(port.istio, port.port);
  const auto* linkerd = port.twins.under_linkerd.host(port.linkerd, port.port);
  if (istio == nullptr || linkerd == nullptr) return;
  Conditions conditions;
  conditions.read(*istio);
  conditions.read(*linkerd);
  const engine::RouteIndex istio_routes(*istio), linkerd_routes(*linkerd);
  std::size_t asked = 0;
  for (const auto& path : conditions.paths)
    for (const auto& headers : conditions.headers) {
      if (linkerd->budget && !headers.empty()) continue;  // a ServiceProfile knows of no headers
      for (const auto* method : kMethods) {
        if (++asked > kQuestionsMax) return;
        const Question question{method, path, headers};
        const auto* first = found_in(istio_routes, question);
        const auto* second = found_in(linkerd_routes, question);
        if (first != nullptr && second != nullptr && !on_purpose(*first) && !on_purpose(*second))
          see(question, *first, *second);
      }
    }
}

Diagnostic& report_between(Report& report, const TwinPort& port, Origin istio, Origin linkerd,
                           std::string message) {
  const auto& twins = port.twins;
  const bool there = linkerd.known();
  if (!there && !istio.known()) istio = port.istio.origin;
  auto& finding = report.at(there ? twins.linkerd.estate : twins.istio.estate, there ? linkerd : istio,
                            std::move(message));
  const auto& other = there ? twins.istio.name : twins.linkerd.name;
  const Origin at = there ? istio : linkerd;
  finding.notes.push_back(at.known() ? Note{{at, 0}, fmt::format("what {} says", other)}
                                     : Note{{}, fmt::format("{} says nothing about it", other)});
  return finding;
}

}  // namespace marty::rules
