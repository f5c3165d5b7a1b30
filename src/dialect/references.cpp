#include "dialect/references.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "dialect/kubernetes/objects.hpp"
#include "dialect/names.hpp"

namespace marty::dialect {

namespace {

SourceRange range_of(Origin origin, std::size_t length) {
  return {origin, static_cast<std::uint16_t>(std::min<std::size_t>(length, UINT16_MAX))};
}

/// "a.b.svc.cluster.local" → "b"; empty for hosts outside of the cluster.
std::string_view namespace_of(std::string_view host) {
  if (!host.ends_with(kClusterDomain)) return {};
  host.remove_suffix(kClusterDomain.size());
  const auto dot = host.find('.');
  return dot == host.npos ? std::string_view{} : host.substr(dot + 1);
}

class Checker {
 public:
  Checker(const mesh::Model& model, Diagnostics& found) : model_(model), found_(found) {
    for (const auto& service : model.services) {
      services_.emplace(service.fqdn(), &service);
      in_namespace_[service.ns].push_back(service.name);
    }
    for (const auto& rule : model.destinations) rules_.emplace(rule.host, &rule);
    for (const auto& workload : model.workloads) workloads_[workload.ns].push_back(&workload);
  }

  void run() {
    for (const auto& table : model_.route_tables) {
      const ObjectRef object = object_of(table);
      for (const auto& host : table.hosts) check_host(host, object);
      for (const auto& route : table.routes) {
        for (const auto& to : route.destinations) {
          if (!to.unusable.empty()) continue;
          check_host(to.host, object);
          check_subset(to, object);
        }
      }
    }
    for (const auto& rule : model_.destinations) {
      const ObjectRef object{"networking.istio.io", "DestinationRule", rule.ns, ""};
      check_host({rule.host, rule.origin}, object);
      for (const auto& subset : rule.subsets) check_pods(rule, subset, object);
    }
  }

 private:
  static ObjectRef object_of(const mesh::RouteTable& table) {
    switch (table.kind) {
      case mesh::RouteTable::Kind::kHttpRoute:
        return {table.group, "HTTPRoute", table.ns, table.name};
      case mesh::RouteTable::Kind::kServiceProfile:
        return {"linkerd.io", "ServiceProfile", table.ns, table.name};
      case mesh::RouteTable::Kind::kVirtualService:
        break;
    }
    return {"networking.istio.io", "VirtualService", table.ns, table.name};
  }

  void check_host(const Sourced<std::string>& host, const ObjectRef& object) {
    if (host->find('*') != host->npos || services_.count(*host) > 0) return;
    // The trap: a name with a dot is complete for Istio, so "pets.shop" is no short form.
    for (const char* rest : {".svc.cluster.local", ".cluster.local"}) {
      const auto meant = services_.find(*host + rest);
      if (meant == services_.end()) continue;
      add(host, object,
          fmt::format("Istio takes '{}' as a complete host name, and there is no such host", *host),
          fmt::format("write {}", meant->first));
      return;
    }
    const std::string ns(namespace_of(*host));
    const auto names = in_namespace_.find(ns);
    if (names == in_namespace_.end()) return;
    const auto short_name = std::string_view(*host).substr(0, host->find('.'));
    const auto near = closest(short_name, names->second);
    const auto some = std::span(names->second).first(std::min<std::size_t>(names->second.size(), 5));
    add(host, object, fmt::format("no Service '{}' in namespace '{}'", short_name, ns),
        near ? fmt::format("did you mean '{}'?", *near)
             : fmt::format("the namespace has: {}", fmt::join(some, ", ")));
  }

  void add(const Sourced<std::string>& at, const ObjectRef& object, std::string message, std::string note) {
    // A short name was completed from the namespace: what is written there may be shorter than the host.
    auto& finding = found_.error("unknown-host", range_of(at.origin, at->substr(0, at->find('.')).size()),
                                 std::move(message));
    finding.object = object;
    finding.notes.push_back({{}, std::move(note)});
  }

  void check_subset(const mesh::WeightedDestination& to, const ObjectRef& object) {
    if (to.subset->empty()) return;
    std::vector<std::string_view> names;
    Origin rule;
    const auto [first, last] = rules_.equal_range(*to.host);
    for (auto policy = first; policy != last; ++policy) {
      rule = policy->second->origin;
      for (const auto& subset : policy->second->subsets) {
        if (subset.name == *to.subset) return;
        names.push_back(subset.name);
      }
    }
    auto& finding =
        found_.error("unknown-subset", range_of(to.subset.origin, to.subset->size()),
                     fmt::format("no DestinationRule defines the subset '{}' of {}; requests would get 503",
                                 *to.subset, *to.host));
    finding.object = object;
    if (const auto near = closest(*to.subset, names))
      finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *near)});
    if (rule.known()) finding.notes.push_back({range_of(rule, 0), "the DestinationRule of this host"});
  }

  void check_pods(const mesh::DestinationPolicy& rule, const mesh::Subset& subset, const ObjectRef& object) {
    const auto known = services_.find(rule.host);
    if (known == services_.end() || known->second->selector.empty()) return;
    const mesh::Service* service = known->second;
    bool any = false;
    for (const auto* workload : workloads_[service->ns]) {
      if (!mesh::selects(service->selector, workload->labels)) continue;
      any = true;
      if (mesh::selects(subset.labels, workload->labels)) return;
    }
    if (!any) return;
    auto& finding =
        found_.warning("empty-subset", range_of(subset.origin, subset.name.size()),
                       fmt::format("no pod of {} has the labels of the subset '{}'; requests would get 503",
                                   service->name, subset.name));
    finding.object = object;
  }

  const mesh::Model& model_;
  Diagnostics& found_;
  std::unordered_map<std::string, const mesh::Service*> services_;  // by host name
  std::unordered_map<std::string, std::vector<std::string_view>> in_namespace_;
  std::unordered_multimap<std::string, const mesh::DestinationPolicy*> rules_;
  std::unordered_map<std::string, std::vector<const mesh::Workload*>> workloads_;
};

}  // namespace

void check_references(const mesh::Model& model, Diagnostics& found) { Checker(model, found).run(); }

namespace {

/// The named container ports of one controller's pods.
struct NamedPorts {
  std::string ns;
  mesh::Labels labels;
  std::vector<std::pair<std::string, std::uint16_t>> ports;
};

std::vector<NamedPorts> named_ports(std::span<const manifest::Resource> resources) {
  std::vector<NamedPorts> all;
  Diagnostics said_before;
  for (const auto& resource : resources) {
    if (resource.group() != "apps") continue;
    manifest::Manifest<kubernetes::Workload> wire;
    manifest::decode(resource.root, wire, resource.ref(), said_before);
    NamedPorts& pods = all.emplace_back();
    pods.ns = *resource.ns;
    if (wire.spec.pod.metadata) pods.labels = wire.spec.pod.metadata->labels;
    for (const auto& container : wire.spec.pod.spec.containers) {
      for (const auto& port : container.ports) {
        pods.ports.emplace_back(*port.name, static_cast<std::uint16_t>(*port.container_port));
      }
    }
  }
  return all;
}

/// Of the pods a Service selects; nothing when it selects none, 0 when none of them has a port of that name.
std::optional<std::uint16_t> find_port(const std::vector<NamedPorts>& all, const mesh::Service& service,
                                       const std::string& name) {
  std::optional<std::uint16_t> number;
  for (const auto& pods : all) {
    if (pods.ns != service.ns || !mesh::selects(service.selector, pods.labels)) continue;
    if (!number) number = 0;
    for (const auto& [candidate, port] : pods.ports) {
      if (candidate == name) return port;
    }
  }
  return number;
}

}  // namespace

void resolve_named_ports(std::span<const manifest::Resource> resources, mesh::Model& model,
                         Diagnostics& found) {
  const bool any = std::any_of(model.services.begin(), model.services.end(), [](const auto& service) {
    return std::any_of(service.ports.begin(), service.ports.end(),
                       [](const auto& port) { return port.target_port == 0; });
  });
  if (!any) return;
  const auto pods = named_ports(resources);
  std::map<std::pair<std::string_view, std::string_view>, mesh::Service*> services;
  for (auto& service : model.services) services[{service.ns, service.name}] = &service;
  Diagnostics said_before;
  for (const auto& resource : resources) {
    if (*resource.kind != "Service" || !resource.group().empty()) continue;
    manifest::Manifest<kubernetes::Service> wire;
    manifest::decode(resource.root, wire, resource.ref(), said_before);
    mesh::Service* service = services[{*resource.ns, *resource.name}];
    for (std::size_t i = 0; service && i < wire.spec.ports.size() && i < service->ports.size(); ++i) {
      const auto& target = wire.spec.ports[i].target_port;
      if (!target || target->text.empty()) continue;
      const auto number = find_port(pods, *service, target->text);
      service->ports[i].target_port = number.value_or(0);
      if (!number || *number != 0) continue;
      found
          .error("unknown-port", {wire.spec.ports[i].origin, 0},
                 fmt::format("no container of the selected pods has a port named '{}'", target->text))
          .object = resource.ref();
    }
  }
}

}  // namespace marty::dialect
