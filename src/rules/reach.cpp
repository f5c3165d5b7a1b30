#include "rules/reach.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/rule.hpp"
#include "rules/selectors.hpp"

namespace marty::rules {

namespace {

constexpr std::string_view kSecurity = "security.istio.io";
constexpr std::size_t kRequestsMax = 64;  ///< tried for one caller; more would say nothing new

const SelectingKind& authorization() {
  const auto kinds = selecting_kinds();
  return *std::find_if(kinds.begin(), kinds.end(), [](const auto& kind) {
    return kind.kind == "AuthorizationPolicy" && kind.group == kSecurity;
  });
}

/// A text that a pattern of an authorization rule takes: "/api/*" → "/api/x".
std::string sample(std::string_view pattern) {
  std::string out;
  for (const char c : pattern) out += c == '*' ? std::string("x") : std::string(1, c);
  return out;
}

std::string sample(const policy::StringMatch& match) {
  return match.kind == policy::StringMatch::Kind::kRegex ? std::string() : match.text;
}

template <class Lists>
const typename Lists::mapped_type& named(const Lists& lists, std::string_view host) {
  static const typename Lists::mapped_type none;
  const auto known = lists.find(host);
  return known == lists.end() ? none : known->second;
}

bool asks_for_more(const policy::RouteMatch& match) {
  return !match.headers.empty() || !match.query_params.empty() ||
         (match.uri && match.uri->kind == policy::StringMatch::Kind::kRegex);
}

}  // namespace

Reach::Reach(const Estate& estate) : estate_(estate) {
  find_ports();
  if (ports_.empty()) return;
  for (const auto* policy : estate.of("AuthorizationPolicy", kSecurity))
    for (const auto* pods : chosen(estate, *policy, authorization())) policies_[pods].push_back(policy);
  const auto& model = estate.model();
  for (const auto& scope : model.authorization)
    if (const auto* policy =
            estate.find("AuthorizationPolicy", scope.policy.ns, scope.policy.name, kSecurity))
      scopes_.emplace(policy, &scope);
  for (const auto& table : model.route_tables)
    for (const auto& host : table.hosts) tables_[*host].push_back(&table);
  for (const auto& rule : model.destinations) destinations_[rule.host].push_back(&rule);
  for (const auto& workload : model.workloads)
    workloads_.emplace(std::pair(std::string_view(workload.ns), std::string_view(workload.name)), &workload);
}

void Reach::find_ports() {
  for (const auto& service : estate_.model().services) {
    const auto* resource = estate_.find("Service", service.ns, service.name);
    const Node* list = resource == nullptr ? nullptr : get(resource->root, "spec.ports");
    if (list == nullptr) continue;
    for (const auto* pods : estate_.pods_of(*resource)) {
      if (!pods->in_istio) continue;
      for (std::size_t i = 0; i < service.ports.size() && i < list->size(); ++i) {
        auto port = service.ports[i];
        if (port.target_port == 0) port.target_port = port.port;
        ports_.push_back({resource, &list->children[i], i, &service, port, pods});
      }
    }
  }
}

const std::vector<const Resource*>& Reach::policies(const Pods& pods) const {
  static const std::vector<const Resource*> none;
  const auto known = policies_.find(&pods);
  return known == policies_.end() ? none : known->second;
}

bool Reach::predictable(const Pods& pods) const {
  for (const auto* policy : policies(pods)) {
    const auto action = text(policy->root, "spec.action");
    if (action == "CUSTOM" || !scopes_.contains(policy)) return false;
    bool known = true;
    each(policy->root, "spec.rules[].from[].source", [&](const Place& source) {
      for (const auto field : {"requestPrincipals", "notRequestPrincipals", "ipBlocks", "notIpBlocks",
                               "remoteIpBlocks", "notRemoteIpBlocks"})
        known = known && source.node.find(field) == nullptr;
    });
    each(policy->root, "spec.rules[].to[].operation", [&](const Place& operation) {
      for (const auto field : {"hosts", "notHosts", "notMethods", "notPaths", "notPorts"})
        known = known && operation.node.find(field) == nullptr;
    });
    each(policy->root, "spec.rules[].when[].key",
         [&](const Place& key) { known = known && key.node.text.starts_with("source."); });
    if (!known) return false;
  }
  return true;
}

/// One for each path and method that a rule or a route names.
std::vector<Reach::Request> Reach::requests(const CalledPort& called) const {
  std::set<std::string> methods{"GET"}, paths{"/"};
  for (const auto* policy : policies(*called.pods)) {
    each(policy->root, "spec.rules[].to[].operation.methods[]",
         [&](const Place& method) { methods.insert(method.node.text == "*" ? "GET" : method.node.text); });
    each(policy->root, "spec.rules[].to[].operation.paths[]",
         [&](const Place& path) { paths.insert(sample(path.node.text)); });
  }
  for (const auto* table : named(tables_, called.model->fqdn()))
    for (const auto& route : table->routes)
      for (const auto& match : route.matches) {
        if (match.uri) paths.insert(sample(*match.uri));
        if (match.method) methods.insert(sample(*match.method));
      }
  std::vector<Request> out;
  for (const auto& method : methods)
    for (const auto& path : paths)
      if (!method.empty() && path.starts_with('/') && out.size() < kRequestsMax)
        out.push_back({method, path});
  return out;
}

/// Only what a call touches, so that the cost of compiling it does not grow with the estate.
mesh::Model Reach::part(const Pods& from, const CalledPort& called) const {
  mesh::Model out;
  const auto& whole = estate_.model();
  std::set<std::string> hosts{called.model->fqdn()};
  for (const auto* table : named(tables_, called.model->fqdn())) {
    out.route_tables.push_back(*table);
    for (const auto& route : table->routes)
      for (const auto& to : route.destinations) hosts.insert(*to.host);
  }
  for (const auto& host : hosts) {
    const auto* service = host == called.model->fqdn() ? called.model : estate_.modelled(host);
    if (service == nullptr) continue;
    out.services.push_back(*service);
    for (const auto* rule : named(destinations_, host)) out.destinations.push_back(*rule);
    for (const auto* pods : estate_.selected(service->ns, service->selector))
      if (const auto known = workloads_.find({*pods->owner->ns, *pods->owner->name});
          known != workloads_.end())
        out.workloads.push_back(*known->second);
  }
  for (const auto& policy : whole.mtls)
    if (policy.ns == estate_.settings().root_namespace || policy.ns == called.pods->ns())
      out.mtls.push_back(policy);
  for (const auto* policy : policies(*called.pods)) out.authorization.push_back(*scopes_.at(policy));
  for (const auto& scope : whole.sidecars)
    if (scope.ns == from.ns() || scope.ns == estate_.settings().root_namespace) out.sidecars.push_back(scope);
  return out;
}

std::optional<Refusal> Reach::refused(const Pods& from, const CalledPort& called) const {
  if (!predictable(*called.pods)) return std::nullopt;
  const auto& connections = connections_.get([&] { return std::make_unique<const Connections>(estate_); });
  if (auto dropped = connections.refused(from, *called.pods, called.port.target_port)) return dropped;

  const auto model = part(from, called);
  for (const auto& table : model.route_tables)
    for (const auto& route : table.routes)
      if (std::any_of(route.matches.begin(), route.matches.end(), asks_for_more)) return std::nullopt;
  std::vector<engine::Instance> instances;
  for (const auto& workload : model.workloads)
    instances.push_back({workload.name + "-0",
                         workload.ns,
                         workload.name,
                         fmt::format("10.0.0.{}", instances.size() + 1),
                         true,
                         {}});
  const auto self = [](const Pods& pods) {
    return engine::Self{*pods.owner->name + "-0",
                        std::string(pods.ns()),
                        *pods.owner->name,
                        std::string(pods.service_account()),
                        {},
                        {},
                        {},
                        pods.labels};
  };
  const auto outbound = engine::compile_outbound(model, self(from), instances, nullptr, 1);
  std::vector<std::shared_ptr<const engine::Program>> inbound;
  inbound.push_back(
      engine::compile_inbound(model, self(*called.pods), called.port.target_port, {}, nullptr, 1));

  const auto identity = self(from).identity();
  const auto authority = fmt::format("{}:{}", called.model->fqdn(), called.port.port);
  // What policies and routes name stands last, and comes through most often; told is the first that is
  // refused.
  std::optional<Refusal> refusal;
  const auto all = requests(called);
  for (auto one = all.rbegin(); one != all.rend(); ++one) {
    policy::RequestView request;
    request.method = one->method;
    request.path = one->path;
    request.authority = authority;
    request.peer_identity = identity;
    request.port = called.port.port;
    const auto told = engine::forecast(*outbound, inbound, request);
    if (told.answered_locally == 0)
      for (const auto& branch : told.branches)
        if (branch.refused_with == 0) return std::nullopt;
    const auto& steps = told.branches.empty() ? told.client : told.branches.front().server;
    if (!steps.empty())
      refusal = Refusal{fmt::format("{} {}: {}", one->method, one->path, steps.back().text),
                        {steps.back().origin, 0}};
  }
  return refusal;
}

}  // namespace marty::rules
