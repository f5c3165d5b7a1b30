#include <fmt/format.h>

#include "dialect/generate_linkerd_parts.hpp"
#include "dialect/linkerd/authentication.hpp"
#include "dialect/linkerd/authorization_policy.hpp"
#include "dialect/linkerd/http_route.hpp"
#include "dialect/linkerd/rate_limit.hpp"
#include "dialect/linkerd/server.hpp"
#include "dialect/linkerd/server_authorization.hpp"
#include "mesh/permissions.hpp"

/// Who may call: Servers close ports, and everything else opens them again.
namespace marty::dialect::generated {

using linkerd::kGatewayGroup;
using linkerd::kPolicyGroup;
using manifest::Node;
using mesh::Permissions;

namespace {

constexpr std::string_view kAlpha = "policy.linkerd.io/v1alpha1";
constexpr std::size_t kMatchesMax = 8, kRulesMax = 16;  // of the HTTPRoute that Linkerd brings

std::string named(const PolicyFile& file, std::string_view what) {
  return fmt::format("{}-{}", *file.name, what);
}

Node server(const PolicyFile& file, std::string_view what, std::string_view port,
            linkerd::DefaultPolicy access) {
  linkerd::Server wire;
  wire.pod_selector.emplace().match_labels = {{"app", *file.name}};
  wire.port = {{0, std::string(port)}};
  wire.proxy_protocol = {linkerd::Server::Protocol::kHttp1};
  wire.access_policy = shown(access);
  return object(file, "policy.linkerd.io/v1beta3", "Server", named(file, what), manifest::encode(wire));
}

linkerd::ObjectReference authentication(std::string_view kind, std::string name) {
  linkerd::ObjectReference ref;
  ref.group = {std::string(kPolicyGroup)};
  ref.kind = {std::string(kind)};
  ref.name = {std::move(name)};
  return ref;
}

linkerd::ObjectReference anywhere(const PolicyFile& file) {
  return authentication("NetworkAuthentication", named(file, "anywhere"));
}

Node policy(const PolicyFile& file, const std::string& name, std::string_view group, std::string_view kind,
            const std::string& target, linkerd::ObjectReference required) {
  linkerd::AuthorizationPolicy wire;
  wire.target_ref.group = {std::string(group)};
  wire.target_ref.kind = {std::string(kind)};
  wire.target_ref.name = {target};
  wire.required_authentication_refs.push_back(std::move(required));
  return object(file, kAlpha, "AuthorizationPolicy", name, manifest::encode(wire));
}

std::string identity(const PolicyFile::Caller& caller) {
  return fmt::format("{}.{}.serviceaccount.identity.linkerd.cluster.local", *caller.service_account,
                     *caller.ns);
}

Node mesh_tls(const PolicyFile& file, std::string_view what, TextList identities) {
  linkerd::MeshTlsAuthentication wire;
  wire.identities = std::move(identities);
  return object(file, kAlpha, "MeshTLSAuthentication", named(file, what), manifest::encode(wire));
}

/// What an HTTPRoute can say of a pattern; see capabilities for where it is wider.
linkerd::HttpRoute::Path path_of(std::string path) {
  using Type = linkerd::HttpRoute::PathType;
  linkerd::HttpRoute::Path made;
  const auto set = [&](Type type, std::string value) {
    made.type = shown(type);
    made.value = shown(std::move(value));
    return made;
  };
  if (path == "*" || path == "/*") return set(Type::kPrefix, "/");
  if (path.starts_with('*')) return set(Type::kRegex, ".*" + quoted_regex(path.substr(1)));
  if (!path.ends_with('*')) return set(Type::kExact, path);
  path.pop_back();
  if (!path.ends_with('/')) return set(Type::kRegex, quoted_regex(path) + ".*");
  path.pop_back();
  return set(Type::kPrefix, path);
}

std::vector<linkerd::HttpRoute::Rule> rules_for(const std::vector<mesh::RequestPattern>& requests) {
  std::vector<linkerd::HttpRoute::Rule> rules;
  for (const auto& request : requests) {
    if (rules.empty() || rules.back().matches.size() == kMatchesMax) rules.emplace_back();
    auto& match = rules.back().matches.emplace_back();
    match.path = path_of(request.path);
    match.method = linkerd::method_named(request.method);
  }
  return rules;
}

Node inbound_route(const PolicyFile& file, const std::string& name,
                   std::vector<linkerd::HttpRoute::Rule> rules) {
  linkerd::HttpRoute route;
  auto& parent = route.parent_refs.emplace_back();
  parent.group = Text{std::string(kPolicyGroup)};
  parent.kind = Text{"Server"};
  parent.name = {named(file, "http")};
  route.rules = std::move(rules);
  return object(
      file, linkerd_minor(file) >= 18 ? "gateway.networking.k8s.io/v1" : "gateway.networking.k8s.io/v1beta1",
      "HTTPRoute", name, manifest::encode(route));
}

/// Objects in the order in which they explain each other, each commented where its kind first comes.
class Authorization {
 public:
  explicit Authorization(const PolicyFile& file) : file_(file) {}

  /// Without rules everybody in the mesh may call. The Server then has no routes, so Linkerd's own route for
  /// the kubelet's probes stays.
  void everybody() {
    add(mesh_tls(file_, "everybody", {Text{"*"}}), "Whoever has an identity of the mesh.");
    add(policy(file_, named(file_, "everybody"), kPolicyGroup, "Server", named(file_, "http"),
               authentication("MeshTLSAuthentication", named(file_, "everybody"))),
        "");
  }

  void by_rules() {
    for (const auto& allow : file_.security.allow) callers(allow);
    bool whole_mesh = false;
    for (const auto& one : mesh::permissions(file_, mesh::MeshKind::kLinkerd)) {
      if (one.who == Permissions::Who::kWholeMesh && !std::exchange(whole_mesh, true))
        add(mesh_tls(file_, "everybody", {Text{"*"}}), "Whoever has an identity of the mesh.");
      open(one);
    }
    add(inbound_route(file_, named(file_, "rest"), rules_for({{"*", ""}})),
        "Everything else, which no policy opens: 403. Without it the answer would be 404, as if the service "
        "did not\n"
        "have it.");
  }

  void ports_beside() {
    linkerd::NetworkAuthentication wire;
    for (const char* cidr : {"0.0.0.0/0", "::/0"}) wire.networks.push_back({{cidr}, {}, {}});
    add(object(file_, kAlpha, "NetworkAuthentication", named(file_, "anywhere"), manifest::encode(wire)),
        "Anybody, without an identity: the kubelet and a Prometheus outside of the mesh have none. Whose "
        "connections\n"
        "come this far is for the NetworkPolicy to say.");
    if (*file_.workload.metrics_port != 0) add(open_port("metrics"), "");
    add(open_port("proxy-admin"), "");
  }

  std::vector<Node> all;

 private:
  void add(Node object, std::string comment) {
    if (!comment.empty()) object.comment(std::move(comment));
    all.push_back(std::move(object));
  }

  void callers(const PolicyFile::Allow& allow) {
    TextList identities;
    for (const auto& caller : allow.from)
      if (caller.is_in(mesh::MeshKind::kLinkerd)) identities.push_back({identity(caller)});
    if (identities.empty()) return;
    add(mesh_tls(file_, *allow.name, std::move(identities)),
        std::exchange(callers_said_, true) ? ""
                                           : "Callers by what their certificates say: <service "
                                             "account>.<namespace>, then always the same. Pods that\n"
                                             "share a service account are one caller.");
  }

  /// The requests as a route, and each way of being allowed to send them as a policy of it.
  void open(const Permissions& one) {
    auto rules = rules_for(one.requests);
    for (std::size_t part = 0; part * kRulesMax < rules.size(); ++part) {
      const auto name = named(file_, one.name()) + (part == 0 ? "" : fmt::format("-{}", part + 1));
      const auto first = rules.begin() + static_cast<std::ptrdiff_t>(part * kRulesMax);
      const auto count = std::min(kRulesMax, rules.size() - part * kRulesMax);
      add(inbound_route(file_, name, {first, first + static_cast<std::ptrdiff_t>(count)}), about(one));
      if (one.who == Permissions::Who::kAnybody) {
        add(policy(file_, name, kGatewayGroup, "HTTPRoute", name, anywhere(file_)), "");
      } else if (one.who == Permissions::Who::kWholeMesh) {
        add(policy(file_, name, kGatewayGroup, "HTTPRoute", name,
                   authentication("MeshTLSAuthentication", named(file_, "everybody"))),
            "");
      } else {
        for (const auto* rule : one.rules)
          add(policy(file_, one.rules.size() == 1 ? name : name + "-by-" + *rule->name, kGatewayGroup,
                     "HTTPRoute", name, authentication("MeshTLSAuthentication", named(file_, *rule->name))),
              "");
      }
    }
  }

  std::string about(const Permissions& one) {
    if (one.who == Permissions::Who::kAnybody) {
      std::string text =
          "The kubelet's probes. A Server with routes of its own loses the one that Linkerd makes for them, "
          "and the pods\n"
          "would never be ready.";
      for (const auto* rule : one.rules)
        text += fmt::format(" It opens what '{}' asks for, and to more.", *rule->name);
      return text;
    }
    if (std::exchange(route_said_, true)) return "";
    return "Requests that the same callers may send. Of all routes of a Server the closest match alone "
           "decides, so where\n"
           "rules overlap, the part they share is a route with the policies of both. A policy never denies; "
           "one on the\n"
           "Server itself would open all of its routes.";
  }

  Node open_port(std::string_view what) {
    return policy(file_, named(file_, what), kPolicyGroup, "Server", named(file_, what), anywhere(file_));
  }

  const PolicyFile& file_;
  bool callers_said_ = false, route_said_ = false;
};

linkerd::ServerAuthorization for_server(const PolicyFile& file, std::string_view what) {
  linkerd::ServerAuthorization wire;
  wire.server.name = Text{named(file, what)};
  for (const char* cidr : {"0.0.0.0/0", "::/0"}) wire.client.networks.push_back({{cidr}, {}, {}});
  return wire;
}

Node server_authorization(const PolicyFile& file, std::string_view what,
                          const linkerd::ServerAuthorization& wire) {
  return object(file, "policy.linkerd.io/v1beta1", "ServerAuthorization", named(file, what),
                manifest::encode(wire));
}

/// The serviceprofile family: a ServerAuthorization covers a whole port, so of each rule only its callers
/// count.
std::vector<Node> server_authorizations(const PolicyFile& file) {
  std::vector<Node> all;
  const auto add = [&](std::string_view what, const linkerd::ServerAuthorization& wire, const char* comment) {
    all.push_back(server_authorization(file, what, wire));
    if (*comment) all.back().comment(comment);
  };
  bool said = false;
  for (const auto& allow : file.security.allow) {
    auto wire = for_server(file, "http");
    for (const auto& caller : allow.from) {
      if (!caller.is_in(mesh::MeshKind::kLinkerd)) continue;
      if (!wire.client.mesh_tls) wire.client.mesh_tls.emplace(linkerd::ServerAuthorization::MeshTls{});
      wire.client.mesh_tls->service_accounts.push_back(
          {caller.service_account, Maybe<std::string>(caller.ns), {}});
    }
    if (!wire.client.mesh_tls) continue;
    add(*allow.name, wire,
        std::exchange(said, true) ? ""
                                  : "Callers by service account. It opens the whole port: methods and paths "
                                    "cannot be told apart here. Without\n"
                                    "'networks' only private addresses could call. The kubelet's probes need "
                                    "nothing: Linkerd lets GETs of their\n"
                                    "paths through as long as the Server has no routes.");
  }
  if (file.security.allow.empty()) {
    auto wire = for_server(file, "http");
    wire.client.mesh_tls.emplace(linkerd::ServerAuthorization::MeshTls{}).identities = {Text{"*"}};
    add("everybody", wire, "Whoever has an identity of the mesh.");
  }
  for (const char* what : {"metrics", "proxy-admin"}) {
    if (what == std::string_view("metrics") && *file.workload.metrics_port == 0) continue;
    auto wire = for_server(file, what);
    wire.client.unauthenticated = {true};
    add(what, wire,
        what == std::string_view("proxy-admin") ? "" : "A Prometheus outside of the mesh has no identity.");
  }
  return all;
}

}  // namespace

std::vector<Node> linkerd_servers(const PolicyFile& file) {
  using linkerd::DefaultPolicy;
  const auto access = is_strict(file) ? DefaultPolicy::kDeny : DefaultPolicy::kAudit;
  std::vector<Node> all;
  all.push_back(server(file, "http", "http", access));
  all.back().comment(is_strict(file) ? "The port of the application. A Server closes it: whoever no policy "
                                       "below lets in gets 403, and plaintext has\n"
                                       "no identity that one could let in."
                                     : "The port of the application. 'audit' lets everybody in, plaintext "
                                       "too, and counts and logs what 'deny' would\n"
                                       "refuse: once that is nothing, say mtls: strict in the policy file.");
  comment_at(all.back(), {"spec", "port"}, "The pods' port, by its name there; never the Service's.");
  comment_at(all.back(), {"spec", "proxyProtocol"}, "Said, so that no proxy waits up to 10s to find out.");
  if (*file.workload.metrics_port != 0) {
    all.push_back(server(file, "metrics", "http-metrics", DefaultPolicy::kDeny));
    all.back().comment("Opened below to whoever may scrape, so it is a Server of its own.");
  }
  all.push_back(server(file, "proxy-admin", "linkerd-admin", DefaultPolicy::kDeny));
  all.back().comment("The proxy's own port 4191: its metrics, and whether it is ready.");
  return all;
}

std::vector<Node> linkerd_authorization(const PolicyFile& file) {
  if (uses_profile(file)) return server_authorizations(file);
  Authorization made(file);
  if (file.security.allow.empty()) {
    made.everybody();
  } else {
    made.by_rules();
  }
  made.ports_beside();
  return std::move(made.all);
}

Node linkerd_rate_limit(const PolicyFile& file) {
  linkerd::HttpLocalRateLimitPolicy wire;
  wire.target_ref.group = {std::string(kPolicyGroup)};
  wire.target_ref.kind = {"Server"};
  wire.target_ref.name = {named(file, "http")};
  wire.identity.emplace(linkerd::HttpLocalRateLimitPolicy::Limit{}).requests_per_second = {
      per_second(*file.rate_limit)};
  Node root =
      object(file, kAlpha, "HTTPLocalRateLimitPolicy", named(file, "rate-limit"), manifest::encode(wire));
  root.comment(
      "The rate limit, in each pod's own proxy and after authorization; above it: 429. Linkerd counts single "
      "seconds.\n"
      "It is of each caller's identity, not of all together: the kubelet's probes count as well, so with a "
      "total a flood\n"
      "would take the pods out of service and get them restarted. Callers without an identity share one "
      "limit; under\n"
      "'strict' those are the probes alone.");
  return root;
}

}  // namespace marty::dialect::generated
