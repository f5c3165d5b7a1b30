#include "rules/api_claims.hpp"

#include <algorithm>

#include "core/regex.hpp"
#include "rules/selectors.hpp"

namespace marty::rules {

namespace {

using See = std::function<void(const Claim&)>;
constexpr std::string_view kIstioSecurity = "security.istio.io";

void collect(const Place& in, std::string_view pattern, std::vector<Claim::Part>& into,
             PathShape (*shape)(std::string_view) = nullptr) {
  each(in.node, pattern, [&](const Place& part) {
    if (part.node.is_scalar())
      into.push_back(
          {&part.node, in.path + "." + part.path, shape == nullptr ? PathShape() : shape(part.node.text)});
  });
}

void of_authorization(const Estate& estate, const Api& api, const See& see) {
  for (const auto* policy : guards_of(estate, *api.service))
    each(policy->root, "spec.rules[].to[].operation", [&](const Place& operation) {
      if (operation.node.find("ports") != nullptr) return;
      Claim claim{policy, &api, {}, {}, text(policy->root, "spec.action") == "DENY"};
      collect(operation, "paths[]", claim.paths, PathShape::istio);
      collect(operation, "methods[]", claim.methods);
      see(claim);
    });
}

bool has_any(const Node& node, std::initializer_list<std::string_view> keys) {
  return std::any_of(keys.begin(), keys.end(), [&](auto key) { return node.find(key) != nullptr; });
}

/// The described Services that a route of a VirtualService leads to.
std::set<const Api*> led_to(const Estate& estate, const Resource& from, const Node& route) {
  std::set<const Api*> out;
  each(route, "route[].destination.host", [&](const Place& host) {
    const auto* service = estate.service(host.node.text, *from.ns);
    if (service == nullptr) return;
    if (const auto* api = estate.apis().of(*service)) out.insert(api);
  });
  return out;
}

Claim claim_of_match(const Resource& virtual_service, const Api* api, const Place& match) {
  Claim claim{&virtual_service, api, {}, {}, false};
  collect(match, "uri.exact", claim.paths, PathShape::exact);
  collect(match, "uri.prefix", claim.paths, PathShape::prefix);
  collect(match, "uri.regex", claim.paths, PathShape::regex);
  if (is_true(match.node.find("ignoreUriCase")))
    for (auto& path : claim.paths) path.shape.ignore_case();
  collect(match, "method.exact", claim.methods);
  return claim;
}

void of_virtual_services(const Estate& estate, const See& see) {
  each(estate.of("VirtualService"), "spec.http[]", [&](const Resource* resource, const Place& route) {
    if (has_any(route.node, {"rewrite", "redirect", "directResponse", "delegate"})) return;
    for (const auto* api : led_to(estate, *resource, route.node))
      each(route.node, "match[]", [&](const Place& match) {
        const auto path = route.path + "." + match.path;
        see(claim_of_match(*resource, api, {match.node, path}));
      });
  });
}

/// The parts of a ServiceProfile's condition that hold on their own: of 'any' each, 'not' none.
void of_condition(const Claim& empty, const Place& condition, const See& see) {
  if (has_any(condition.node, {"not"})) return;
  if (const Node* any = condition.node.find("any")) {
    for (std::size_t i = 0; i < any->size() && any->is_sequence(); ++i)
      of_condition(empty, {any->children[i], condition.path + ".any[" + std::to_string(i) + "]"}, see);
    return;
  }
  Claim claim = empty;
  bool nested = false;
  const auto read = [&](const Place& from) {
    collect(from, "pathRegex", claim.paths, PathShape::regex);
    collect(from, "method", claim.methods);
  };
  read(condition);
  each(condition.node, "all[]", [&](const Place& part) {
    nested = nested || has_any(part.node, {"any", "all", "not"});
    const auto path = condition.path + "." + part.path;
    read({part.node, path});
  });
  if (!nested && claim.paths.size() <= 1 && claim.methods.size() <= 1) see(claim);
}

void of_profiles(const Estate& estate, const See& see) {
  for (const auto* profile : estate.of("ServiceProfile")) {
    const auto* service = estate.service(*profile->name, *profile->ns);
    const auto* api = service == nullptr ? nullptr : estate.apis().of(*service);
    if (api == nullptr) continue;
    each(profile->root, "spec.routes[].condition", [&](const Place& condition) {
      of_condition({profile, api, {}, {}, false}, condition, see);
    });
  }
}

/// The described Services whose requests an HTTPRoute is about: its parents, what is behind a Server of
/// Linkerd's, and where it leads from a gateway.
std::set<const Api*> meant_by(const Estate& estate, const Resource& route) {
  std::set<const Api*> out;
  const auto add = [&](const Resource* service) {
    const auto* api = service == nullptr ? nullptr : estate.apis().of(*service);
    if (api != nullptr) out.insert(api);
  };
  const auto space_of = [&](const Node& ref) {
    const auto ns = text(ref, "namespace");
    return ns.empty() ? std::string_view(*route.ns) : ns;
  };
  bool at_gateway = false;
  each(route.root, "spec.parentRefs[]", [&](const Place& parent) {
    const auto kind = text(parent.node, "kind");
    if (kind == "Service") add(estate.find("Service", space_of(parent.node), text(parent.node, "name")));
    if (kind.empty() || kind == "Gateway") at_gateway = true;
    if (kind != "Server") return;
    const auto* server = estate.find("Server", space_of(parent.node), text(parent.node, "name"));
    if (server == nullptr) return;
    const auto behind =
        estate.selected(*server->ns, labels_at(get(server->root, "spec.podSelector.matchLabels")));
    for (const auto& api : estate.apis().all()) {
      const auto pods = estate.pods_of(*api.service);
      if (std::find_first_of(pods.begin(), pods.end(), behind.begin(), behind.end()) != pods.end())
        add(api.service);
    }
  });
  if (at_gateway)
    each(route.root, "spec.rules[].backendRefs[]", [&](const Place& backend) {
      add(estate.find("Service", space_of(backend.node), text(backend.node, "name")));
    });
  return out;
}

Claim claim_of_route(const Resource& route, const Api* api, const Place& match) {
  Claim claim{&route, api, {}, {}, false};
  const auto type = text(match.node, "path.type");
  collect(match, "path.value", claim.paths,
          type == "Exact"               ? PathShape::exact
          : type == "RegularExpression" ? PathShape::regex
                                        : PathShape::segments);
  collect(match, "method", claim.methods);
  return claim;
}

bool rewrites(const Node& rule) {
  bool found = false;
  each(rule, "filters[].type", [&](const Place& type) {
    found = found || type.node.text == "URLRewrite" || type.node.text == "RequestRedirect";
  });
  return found;
}

void of_http_routes(const Estate& estate, const See& see) {
  for (const auto* route : estate.of("HTTPRoute"))
    for (const auto* api : meant_by(estate, *route))
      each(route->root, "spec.rules[]", [&](const Place& rule) {
        if (rewrites(rule.node)) return;
        each(rule.node, "matches[]", [&](const Place& match) {
          const auto path = rule.path + "." + match.path;
          see(claim_of_route(*route, api, {match.node, path}));
        });
      });
}

bool names_service(const Resource& policy, const Resource& service) {
  bool found = false;
  each(policy.root, "spec.targetRefs[]", [&](const Place& ref) {
    found = found || (text(ref.node, "kind") == "Service" && text(ref.node, "name") == *service.name);
  });
  return found;
}

}  // namespace

bool http_takes(const Resource& virtual_service, const Node& http, const Operation& operation) {
  const Node* matches = http.find("match");
  if (matches == nullptr || matches->size() == 0) return true;
  bool taken = false;
  each(http, "match[]", [&](const Place& match) {
    const auto method = text(match.node, "method.exact");
    const auto regex = text(match.node, "method.regex");
    std::string ignored;
    const auto compiled = regex.empty() ? nullptr : Regex::compile(std::string(regex), ignored);
    taken = taken || ((method.empty() || method == operation.method) &&
                      (compiled == nullptr || compiled->matches_all_of(operation.method)) &&
                      operation.method.starts_with(text(match.node, "method.prefix")) &&
                      claim_of_match(virtual_service, nullptr, match).meets_path(operation));
  });
  return taken;
}

bool route_takes(const Resource& route, const Operation& operation) {
  bool taken = false;
  each(route.root, "spec.rules[]", [&](const Place& rule) {
    const Node* matches = rule.node.find("matches");
    if (matches == nullptr || matches->size() == 0) taken = true;
    each(rule.node, "matches[]", [&](const Place& match) {
      const auto method = text(match.node, "method");
      const auto claim = claim_of_route(route, nullptr, match);
      taken = taken || ((method.empty() || method == operation.method) && claim.meets_path(operation));
    });
  });
  return taken;
}

bool Claim::meets_path(const Operation& operation) const {
  return paths.empty() || std::any_of(paths.begin(), paths.end(),
                                      [&](const Part& path) { return meet(path.shape, operation.shape); });
}

std::vector<const Resource*> guards_of(const Estate& estate, const Resource& service) {
  std::vector<const Resource*> out;
  const auto pods = estate.pods_of(service);
  for (const auto* policy : estate.of("AuthorizationPolicy")) {
    if (policy->group() != kIstioSecurity) continue;
    const bool own = *policy->ns == *service.ns;
    if (!own && *policy->ns != estate.settings().root_namespace) continue;
    const Node* annotations = get(policy->root, "metadata.annotations");
    if (annotations != nullptr && is_true(annotations->find("istio.io/dry-run"))) continue;
    if (get(policy->root, "spec.targetRefs") != nullptr) {
      if (own && names_service(*policy, service)) out.push_back(policy);
      continue;
    }
    const auto labels = labels_at(get(policy->root, "spec.selector.matchLabels"));
    if (std::any_of(pods.begin(), pods.end(),
                    [&](const Pods* one) { return mesh::selects(labels, one->labels); }))
      out.push_back(policy);
  }
  return out;
}

void each_claim(const Estate& estate, const See& see) {
  if (estate.apis().all().empty()) return;
  for (const auto& api : estate.apis().all()) of_authorization(estate, api, see);
  of_virtual_services(estate, see);
  of_profiles(estate, see);
  of_http_routes(estate, see);
}

PlatformPaths::PlatformPaths(const Estate& estate, const Resource& service) {
  for (const auto path : {"/metrics", "/favicon.ico", "/robots.txt", "/openapi.json", "/openapi.yaml"})
    paths_.push_back(PathShape::exact(path));
  for (const auto path :
       {"/health", "/healthz", "/ready", "/readyz", "/readiness", "/live", "/livez", "/liveness", "/ping",
        "/status", "/actuator", "/.well-known", "/swagger", "/swagger-ui", "/docs", "/debug"})
    paths_.push_back(PathShape::segments(path));
  for (const auto* pods : estate.pods_of(service)) {
    for (const Way& pattern :
         {Way("containers[].readinessProbe.httpGet.path"), Way("containers[].livenessProbe.httpGet.path"),
          Way("containers[].startupProbe.httpGet.path")})
      each(*pods->spec, pattern,
           [&](const Place& path) { paths_.push_back(PathShape::exact(path.node.text)); });
    const auto scraped = pods->annotation("prometheus.io/path");
    if (!scraped.empty()) paths_.push_back(PathShape::exact(scraped));
  }
}

bool PlatformPaths::has(const PathShape& shape) const {
  return std::any_of(paths_.begin(), paths_.end(), [&](const auto& path) { return meet(path, shape); });
}

}  // namespace marty::rules
