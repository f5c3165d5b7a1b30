#include "rules/admission.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "engine/route_index.hpp"
#include "rules/principal.hpp"
#include "rules/twins.hpp"

namespace marty::rules {

namespace {

using policy::Authorization;
using policy::ClientAuthorization;

constexpr std::string_view kDefaultDomain = "cluster.local";
constexpr std::string_view kPeer = "10.244.1.7";  // somebody's pod: in the networks of every cluster

/// "cluster.local/ns/shop/sa/web", with or without its scheme → "shop/web"; empty for what is none.
Caller of_principal(std::string_view principal) {
  const auto who = principal_in(principal);
  return who ? fmt::format("{}/{}", who->ns, who->account) : Caller();
}

/// "web.shop.serviceaccount.identity.linkerd.cluster.local" → "shop/web"; "*.shop.…" is anybody there.
Caller of_identity(std::string_view identity) {
  if (identity.starts_with("spiffe://")) return of_principal(identity);
  const auto first = identity.find('.');
  const auto second = identity.find(".serviceaccount.");
  if (first == identity.npos || second == identity.npos || second <= first) return {};
  const auto account = identity.substr(0, first);
  return fmt::format("{}/{}", identity.substr(first + 1, second - first - 1), account == "*" ? "x" : account);
}

bool everywhere(const ClientAuthorization& clients) {
  return clients.networks.empty() || clients.kind == "default" ||
         std::any_of(clients.networks.begin(), clients.networks.end(), [](const auto& network) {
           return network.text == "0.0.0.0/0" && network.except.empty();
         });
}

void each_rule(const engine::Program& program, const std::function<void(const Authorization::Rule&)>& see) {
  for (const auto& policy : program.authorization)
    for (const auto& rule : policy.rules) see(rule);
}

bool predictable(const Authorization::Rule& rule) {
  const auto plain = [](const Authorization::Source& source) {
    return source.ip_blocks.empty() && source.not_ip_blocks.empty();
  };
  const auto known = [](const Authorization::Condition& condition) {
    return condition.key == "source.principal" || condition.key == "source.namespace";
  };
  const auto without_host = [](const Authorization::Operation& operation) {
    return operation.hosts.empty() && operation.not_hosts.empty();
  };
  return std::all_of(rule.from.begin(), rule.from.end(), plain) &&
         std::all_of(rule.when.begin(), rule.when.end(), known) &&
         std::all_of(rule.to.begin(), rule.to.end(), without_host);
}

void add_principals(const Authorization::Patterns& patterns, std::set<Caller>& out) {
  for (const auto& pattern : patterns)
    if (auto caller = of_principal(sample(pattern)); !caller.empty()) out.insert(std::move(caller));
}

void add_namespaces(const Authorization::Patterns& patterns, std::set<Caller>& out) {
  for (const auto& pattern : patterns)
    if (const auto name = sample(pattern); !name.empty()) out.insert(name + "/x");
}

/// Copies what is of one namespace into its part, and what is of the mesh's root into all.
template <class List, class NamespaceOf>
void deal(std::map<std::string, mesh::Model>& parts, const List& from, List mesh::Model::*into,
          const std::string& root, NamespaceOf&& ns_of) {
  for (const auto& one : from) {
    const std::string& ns = ns_of(one);
    if (ns == root)
      for (auto& [name, part] : parts) (part.*into).push_back(one);
    else if (const auto part = parts.find(ns); part != parts.end())
      (part->second.*into).push_back(one);
  }
}

}  // namespace

InboundPrograms::InboundPrograms(const Estate& estate) {
  using mesh::Model;
  const auto& model = estate.model();
  const auto& root = estate.settings().root_namespace;
  for (const auto& workload : model.workloads) {
    parts_[workload.ns].mesh_kind = model.mesh_kind;
    if (model.meshed(workload)) workloads_[workload.ns].push_back(&workload);
  }
  const auto own = [](const auto& one) -> const std::string& { return one.ns; };
  const auto of_policy = [](const auto& one) -> const std::string& { return one.policy.ns; };
  const auto of_limit = [](const auto& one) -> const std::string& { return one.limit.ns; };
  const auto of_clients = [](const auto& one) -> const std::string& { return one.clients.ns; };
  deal(parts_, model.mtls, &Model::mtls, root, own);
  deal(parts_, model.authorization, &Model::authorization, root, of_policy);
  deal(parts_, model.rate_limits, &Model::rate_limits, root, own);
  deal(parts_, model.servers, &Model::servers, root, own);
  deal(parts_, model.server_authorizations, &Model::server_authorizations, root, of_clients);
  deal(parts_, model.server_rate_limits, &Model::server_rate_limits, root, of_limit);
  for (const auto& table : model.route_tables)
    if (const auto part = parts_.find(table.ns); part != parts_.end() && !table.servers.empty())
      part->second.route_tables.push_back(table);
  for (const auto& space : model.namespaces)
    if (const auto part = parts_.find(space.name); part != parts_.end())
      part->second.namespaces.push_back(space);
  refer_to_authentications(model);
}

/// They may be of any namespace.
void InboundPrograms::refer_to_authentications(const mesh::Model& model) {
  using Name = std::tuple<std::string_view, std::string_view, std::string_view>;
  std::map<Name, const mesh::Authentication*> known;
  for (const auto& one : model.authentications) known.emplace(Name(one.kind, one.ns, one.name), &one);
  for (auto& [name, part] : parts_)
    for (const auto& authorization : part.server_authorizations)
      for (const auto& wanted : authorization.references)
        if (const auto one = known.find(Name(wanted.kind, wanted.ns, wanted.name)); one != known.end())
          part.authentications.push_back(*one->second);
}

std::vector<const mesh::Workload*> InboundPrograms::behind(const mesh::Service& service) const {
  std::vector<const mesh::Workload*> out;
  const auto near = workloads_.find(service.ns);
  if (near == workloads_.end() || service.selector.empty()) return out;
  for (const auto* workload : near->second)
    if (mesh::selects(service.selector, workload->labels)) out.push_back(workload);
  return out;
}

std::shared_ptr<const engine::Program> InboundPrograms::at(const mesh::Workload& workload,
                                                           std::uint16_t port) const {
  auto& part = parts_.at(workload.ns);
  part.workloads.assign(1, workload);  // the others would only be peers with a name
  const engine::Self self{
      workload.name + "-0", workload.ns, workload.name, workload.service_account, {}, {}, {},
      workload.labels};
  return engine::compile_inbound(part, self, port, {}, nullptr, 1);
}

std::string called(const Caller& caller) {
  if (caller == kNoIdentity) return "callers without a certificate";
  if (caller == kStranger) return "anybody else in the mesh";
  return caller.ends_with("/x") ? fmt::format("anybody in '{}'", caller.substr(0, caller.size() - 2))
                                : caller;
}

bool Admission::predictable() const {
  bool all = true;
  each_rule(*program_, [&](const auto& rule) { all = all && rules::predictable(rule); });
  for (const auto& host : program_->hosts)
    for (const auto& route : host.routes) {
      all = all && std::all_of(route.clients.begin(), route.clients.end(), everywhere);
      for (const auto& match : route.matches)
        all = all && match.headers.empty() && match.query_params.empty();
    }
  return all;
}

std::set<Caller> Admission::callers() const {
  std::set<Caller> out;
  each_rule(*program_, [&](const auto& rule) {
    for (const auto& source : rule.from) {
      add_principals(source.principals, out);
      add_namespaces(source.namespaces, out);
    }
    for (const auto& condition : rule.when)
      condition.key == "source.principal" ? add_principals(condition.values, out)
                                          : add_namespaces(condition.values, out);
  });
  for (const auto& host : program_->hosts)
    for (const auto& route : host.routes)
      for (const auto& clients : route.clients)
        for (const auto& identity : clients.identities)
          if (auto caller = of_identity(*identity); !caller.empty()) out.insert(std::move(caller));
  return out;
}

std::set<std::string> Admission::methods() const {
  std::set<std::string> out{"GET", "POST"};
  const auto add = [&](const policy::StringMatch& match) {
    if (auto method = sample(match); !method.empty()) out.insert(std::move(method));
  };
  each_rule(*program_, [&](const auto& rule) {
    for (const auto& operation : rule.to)
      std::for_each(operation.methods.begin(), operation.methods.end(), add);
  });
  for (const auto& host : program_->hosts)
    for (const auto& route : host.routes)
      for (const auto& match : route.matches)
        if (match.method) add(*match.method);
  return out;
}

std::set<std::string> Admission::paths() const {
  std::set<std::string> out{"/"};
  const auto add = [&](const policy::StringMatch& match) {
    if (auto path = sample(match); path.starts_with('/')) out.insert(std::move(path));
  };
  each_rule(*program_, [&](const auto& rule) {
    for (const auto& operation : rule.to) std::for_each(operation.paths.begin(), operation.paths.end(), add);
  });
  for (const auto& host : program_->hosts)
    for (const auto& route : host.routes)
      for (const auto& match : route.matches)
        if (match.uri) add(*match.uri);
  return out;
}

Admission::Answer Admission::ask(const Caller& caller, const std::string& method,
                                 const std::string& path) const {
  const auto answer = ask_as(trust_domain_, caller, method, path);
  // Istio takes cluster.local in a policy for its own trust domain, whatever that is called.
  return answer.in || trust_domain_ == kDefaultDomain ? answer : ask_as(kDefaultDomain, caller, method, path);
}

Admission::Answer Admission::ask_as(std::string_view domain, const Caller& caller, const std::string& method,
                                    const std::string& path) const {
  const auto slash = caller.find('/');
  const auto identity =
      caller == kNoIdentity
          ? std::string()
          : fmt::format("spiffe://{}/ns/{}/sa/{}", domain, caller.substr(0, slash), caller.substr(slash + 1));
  policy::RequestView request;
  request.method = method;
  request.path = path;
  request.peer_identity = identity;
  request.peer_ip = kPeer;
  request.port = program_->port;
  if (program_->mesh_kind != mesh::MeshKind::kLinkerd) {
    if (identity.empty() && *program_->mtls == policy::MtlsMode::kStrict)
      return {false, program_->mtls.origin, true};
    const auto decision = Authorization::decide(program_->authorization, request);
    return {decision.allowed, decision.origin};
  }
  const auto& host = program_->hosts.front();
  const auto found = engine::RouteIndex(host).find(request);
  if (!found.route) return {false, host.origin};
  const policy::ProxyIdentity name(request.peer_identity);
  const ClientAuthorization::Client client{request.peer_ip, name.view(), request.peer_identity};
  const auto admitted = ClientAuthorization::decide(found.route->clients, client);
  if (!admitted) return {false, found.match ? found.match->origin : host.origin};
  return {true, found.route->clients[*admitted].origin_for(client)};
}

std::vector<Difference> differences(const Admission& first, const Admission& second,
                                    const std::function<bool(const Caller&, const std::string&)>& skip) {
  if (!first.predictable() || !second.predictable()) return {};
  const auto merged = [](auto names, const auto& more) {
    names.insert(more.begin(), more.end());
    return names;
  };
  auto named = merged(first.callers(), second.callers());
  std::vector<Caller> callers{kStranger, kNoIdentity};
  callers.insert(callers.end(), named.begin(), named.end());
  std::vector<Difference> out;
  std::map<Caller, std::size_t> of;         // index into `out`
  std::vector<std::string> methods{"GET"};  // first, as readers think of it first
  for (const auto& method : merged(first.methods(), second.methods()))
    if (method != "GET") methods.push_back(method);
  for (const auto& path : merged(first.paths(), second.paths()))
    for (const auto& method : methods) {
      bool strangers_differ = false;
      for (const auto& caller : callers) {
        auto a = first.ask(caller, method, path), b = second.ask(caller, method, path);
        if (a.in == b.in || strangers_differ || skip(caller, path)) continue;
        strangers_differ = caller == kStranger;
        // What differs then is the mode of mutual TLS, whichever policy it is that lets plaintext in.
        if (b.needs_identity) a.origin = first.program().mtls.origin;
        if (a.needs_identity) b.origin = second.program().mtls.origin;
        const auto [known, fresh] = of.emplace(caller, out.size());
        if (fresh) {
          out.push_back({caller, method, path, a, b});
        } else {
          ++out[known->second].more;
        }
      }
    }
  return out;
}

}  // namespace marty::rules
