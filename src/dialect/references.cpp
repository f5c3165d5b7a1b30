#include "dialect/references.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "dialect/names.hpp"
#include "manifest/field_values.hpp"

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

using manifest::Node;

/// One controller's pods: their labels, if any, and the containers with the ports.
struct Template {
  const Node* labels;
  const Node* containers;
};
using Templates = std::unordered_map<std::string_view, std::vector<Template>>;  // by namespace

Templates templates(std::span<const manifest::Resource> resources) {
  Templates all;
  for (const auto& resource : resources) {
    if (resource.group() != "apps") continue;
    const Node* containers = resource.root.at({"spec", "template", "spec", "containers"});
    if (!containers || !containers->is_sequence()) continue;
    all[*resource.ns].push_back({resource.root.at({"spec", "template", "metadata", "labels"}), containers});
  }
  return all;
}

bool selects(const mesh::Labels& selector, const Template& pods) {
  return std::all_of(selector.begin(), selector.end(), [&](const auto& wanted) {
    const Node* own = pods.labels ? pods.labels->find(wanted.first) : nullptr;
    return own && own->text == wanted.second;
  });
}

/// The number of a container port by its name; 0 when there is none.
std::uint16_t port_named(const Node& containers, std::string_view name) {
  for (const Node& container : containers.children) {
    const Node* ports = container.find("ports");
    for (std::size_t i = 0; ports && ports->is_sequence() && i < ports->size(); ++i) {
      const Node* own = ports->children[i].find("name");
      const Node* number = ports->children[i].find("containerPort");
      if (own && number && own->text == name)
        return static_cast<std::uint16_t>(manifest::to_integer(number->text).value_or(0));
    }
  }
  return 0;
}

/// Of the pods a Service selects; nothing when it selects none, 0 when none of them has a port of that name.
std::optional<std::uint16_t> find_port(const Templates& all, const mesh::Service& service,
                                       std::string_view name) {
  const auto there = all.find(service.ns);
  std::optional<std::uint16_t> number;
  if (there == all.end()) return number;
  for (const auto& pods : there->second) {
    if (!selects(service.selector, pods)) continue;
    number = port_named(*pods.containers, name);
    if (*number != 0) break;
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
  const auto pods = templates(resources);
  std::map<std::pair<std::string_view, std::string_view>, mesh::Service*> services;
  for (auto& service : model.services) services[{service.ns, service.name}] = &service;
  for (const auto& resource : resources) {
    if (*resource.kind != "Service" || !resource.group().empty()) continue;
    const auto known = services.find({*resource.ns, *resource.name});
    const Node* ports = resource.root.at({"spec", "ports"});
    if (known == services.end() || !ports || !ports->is_sequence()) continue;
    auto& own = known->second->ports;
    for (std::size_t i = 0; i < ports->size() && i < own.size(); ++i) {
      const Node* target = ports->children[i].find("targetPort");
      if (!target || !target->is_scalar() || target->type() != manifest::ScalarType::kString) continue;
      const auto number = find_port(pods, *known->second, target->text);
      own[i].target_port = number.value_or(0);
      if (!number || *number != 0) continue;
      found
          .error("unknown-port", {ports->children[i].origin, 0},
                 fmt::format("no container of the selected pods has a port named '{}'", target->text))
          .object = resource.ref();
    }
  }
}

}  // namespace marty::dialect
