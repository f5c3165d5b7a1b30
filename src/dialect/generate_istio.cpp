#include <fmt/format.h>

#include "dialect/generate_istio_parts.hpp"
#include "dialect/istio/destination_rule.hpp"
#include "dialect/istio/envoy_filter.hpp"
#include "dialect/istio/sidecar.hpp"
#include "dialect/istio/virtual_service.hpp"
#include "manifest/duration.hpp"
#include "manifest/write.hpp"

namespace marty::dialect::generated {

using manifest::Node;
using mesh::PolicyFile;

namespace {

std::uint32_t pods(const PolicyFile& file) {
  std::uint32_t sum = 0;
  for (const auto& [name, version] : file.workload.versions) sum += *version.replicas;
  return sum;
}

Node destination_rule(const PolicyFile& file, const mesh::DestinationPolicy& policy) {
  Node root = istio_object(file, "networking.istio.io", "DestinationRule", *file.name,
                           manifest::encode(istio::from_model(policy)));
  root.comment(
      "How a caller's sidecar treats the pods of this service. Everything here is per caller: each sidecar "
      "keeps its own\n"
      "connections, its own counts and its own list of ejected pods.");
  comment_at(
      root, {"spec", "trafficPolicy", "connectionPool"},
      "Limits of one sidecar towards one version; what is above them is answered 503 at once (response "
      "flag UO).");
  comment_at(root, {"spec", "trafficPolicy", "connectionPool", "http", "http2MaxRequests"},
             "Requests at a time; in spite of its name it counts HTTP/1.1 as well.");
  if (file.outliers) {
    comment_at(root, {"spec", "trafficPolicy", "outlierDetection"},
               "A pod that fails so often in a row is left out of load balancing, longer each time.");
    comment_at(
        root, {"spec", "trafficPolicy", "outlierDetection", "maxEjectionPercent"},
        "Counted among the pods of one version and rounded down: of 3 pods 50 % is one, of a single pod "
        "none.");
  }
  comment_at(root, {"spec", "subsets"},
             "The versions that routes can name. A route to a subset missing here answers 503.");
  return root;
}

/// What a route is for, from what it matches and does.
std::string describe(const mesh::Route& route) {
  std::string text;
  const auto say = [&](std::string_view part) { text += (text.empty() ? "" : "; ") + std::string(part); };
  if (route.fault && route.fault->delay) say("delays a share of the requests on purpose");
  if (route.fault && route.fault->abort) say("fails a share of the requests on purpose");
  if (route.matches.empty()) say("everything else");
  if (route.retries && *route.retries->attempts == 0) say("never sent twice");
  return text;
}

Node virtual_service(const PolicyFile& file, const mesh::RouteTable& table) {
  Node root = istio_object(file, "networking.istio.io", "VirtualService", table.name,
                           manifest::encode(istio::from_model(table)));
  const bool faults_inside = !file.active_chaos().empty();
  if (faults_inside) root.at({"metadata", "labels"})->add("marty.dev/environment", Node::string("test"));
  root.comment(
      std::string(faults_inside ? "FOR TEST CLUSTERS ONLY: some of these routes delay or fail requests on "
                                  "purpose.\n"
                                : "") +
      "How a caller's sidecar chooses among the versions. The first route that matches is taken, and a route "
      "has one\n"
      "fault, one set of versions and one retry policy: so things that can meet (a chaos header, the canary "
      "header, a\n"
      "method that may be retried) need a route for each combination, the most demanding first.");
  Node* routes = root.at({"spec", "http"});
  bool faults = false, never = false, retries = false;
  for (std::size_t i = 0; routes && i < table.routes.size(); ++i) {
    const auto& route = table.routes[i];
    Node& node = routes->children[i];
    if (const auto text = describe(route); !text.empty()) node.comment(text);
    if (Node* fault = node.find("fault"); fault && !std::exchange(faults, true)) {
      fault->comment(
          "Injected in the caller's sidecar, before anything is sent: not retried, not part of the timeout.");
    }
    const bool none = route.retries && *route.retries->attempts == 0;
    Node* policy = node.find("retries");
    if (policy && none && !std::exchange(never, true)) {
      policy->comment("Said explicitly: without it Istio would retry twice by default.");
    } else if (policy && !none && !std::exchange(retries, true)) {
      policy->comment(
          "Retries after the first try, within 'timeout'. A slow try counts as failed only with "
          "gateway-error or 5xx.");
    }
  }
  return root;
}

Node envoy_filter(const PolicyFile& file, const mesh::InboundRateLimit& limit) {
  Node root = istio_object(file, "networking.istio.io", "EnvoyFilter", limit.name,
                           manifest::encode(istio::from_model(limit)));
  const auto& wanted = *file.rate_limit;
  comment_at(root, {"spec", "configPatches", "0", "match", "listener", "portNumber"},
             "Only here: scrapes on other ports are not counted, and probes do not pass the sidecar at all.");
  root.comment(fmt::format(
      "The rate limit, in each pod's own sidecar and before authorization: {} requests at once and {} more "
      "every {}\n"
      "per pod, so about {} and {} for all {} pods together. Above it: 429 local_rate_limited (response flag "
      "RL).",
      *wanted.burst, *wanted.refill, manifest::print_duration(*wanted.every),
      std::uint64_t{*wanted.burst} * pods(file), std::uint64_t{*wanted.refill} * pods(file), pods(file)));
  const auto path = {std::string_view("spec"),  std::string_view("configPatches"),
                     std::string_view("0"),     std::string_view("patch"),
                     std::string_view("value"), std::string_view("typed_config")};
  Node* config = root.at(path);
  if (!config) return root;
  comment_at(*config, {"@type"},
             "Istio decodes this; a filter without its type is rejected with the whole listener.");
  comment_at(*config, {"value", "filter_enabled"},
             "Both shares default to 0 %: without these two the filter would do nothing.");
  return root;
}

Node sidecar(const PolicyFile& file, const mesh::SidecarScope& scope) {
  Node root = istio_object(file, "networking.istio.io", "Sidecar", scope.name,
                           manifest::encode(istio::from_model(scope)));
  root.comment(
      "What this service's own sidecars know about: its namespace, the mesh, the collector of their spans "
      "and "
      "what\n"
      "service.dependsOn names. A smaller configuration, and an undeclared call is seen: it is refused where "
      "the mesh\n"
      "says REGISTRY_ONLY, and elsewhere goes out as plain TCP, without mutual TLS, retries or limits.");
  return root;
}

}  // namespace

std::string istio_policies(const Draft& draft) {
  const auto& [file, model, mesh, heading, source] = draft;
  std::vector<Node> documents;
  for (const auto& policy : model.destinations) documents.push_back(destination_rule(file, policy));
  for (const auto& table : model.route_tables) documents.push_back(virtual_service(file, table));
  for (const auto& limit : model.rate_limits) documents.push_back(envoy_filter(file, limit));
  for (const auto& scope : model.sidecars) documents.push_back(sidecar(file, scope));
  for (auto& document : istio_security(file, model)) documents.push_back(std::move(document));
  return heading + manifest::write_documents("", documents);
}

std::vector<Capability> istio_capabilities(const PolicyFile& file) {
  std::vector<Capability> all;
  if (file.routing.retries && file.routing.retries->budget) {
    all.push_back(
        {file.routing.retries->budget->ratio.origin, "routing.retries.budget", "",
         "Istio's budget limits retries at a time, not in a span of time; attempts and methods still "
         "bound them"});
  }
  if (file.rate_limit) {
    all.push_back({file.rate_limit->scope.origin, "rateLimit", "an EnvoyFilter",
                   "Istio has no kind of its own for it, and does not promise to keep EnvoyFilters stable "
                   "across versions"});
  }
  if (authorization_is_dry_run(file)) {
    all.push_back(
        {file.security.mtls.origin, "security.allow", "a dry run while mTLS is permissive",
         "a caller in plaintext has no identity and would be locked out; what the rules would refuse "
         "is counted"});
  }
  return all;
}

}  // namespace marty::dialect::generated
