#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "dialect/generate_parts.hpp"
#include "dialect/istio/authorization_policy.hpp"
#include "dialect/istio/destination_rule.hpp"
#include "dialect/istio/envoy_filter.hpp"
#include "dialect/istio/peer_authentication.hpp"
#include "dialect/istio/virtual_service.hpp"
#include "manifest/duration.hpp"
#include "manifest/write.hpp"

namespace marty::dialect::generated {

using manifest::Node;
using mesh::PolicyFile;

namespace {

/// The stable API versions exist since Istio 1.22.
bool has_v1(const PolicyFile& file) {
  const std::string& version = *file.target.istio;
  const auto dot = version.find('.');
  return dot == version.npos || std::atoi(version.c_str()) > 1 || std::atoi(version.c_str() + dot + 1) >= 22;
}

std::uint32_t pods(const PolicyFile& file) {
  std::uint32_t sum = 0;
  for (const auto& [name, version] : file.workload.versions) sum += *version.replicas;
  return sum;
}

Node object(const PolicyFile& file, std::string_view group, std::string_view kind, const std::string& name,
            Node spec) {
  Node root = Node::mapping();
  const bool v1 = has_v1(file);
  const std::string_view version = kind == "EnvoyFilter" ? "v1alpha3" : v1 ? "v1" : "v1beta1";
  root.add("apiVersion", Node::string(fmt::format("{}/{}", group, version)));
  root.add("kind", Node::string(std::string(kind)));
  Node& metadata = root.add("metadata", Node::mapping());
  metadata.add("name", Node::string(name));
  metadata.add("namespace", Node::string(*file.ns));
  Node& labels = metadata.add("labels", Node::mapping());
  labels.add("app", Node::string(*file.name));
  labels.add("app.kubernetes.io/managed-by", Node::string("marty"));
  root.add("spec", std::move(spec));
  return root;
}

void comment(Node& root, std::initializer_list<std::string_view> path, std::string text) {
  if (Node* node = root.at(path)) node->comment(std::move(text));
}

Node destination_rule(const PolicyFile& file, const mesh::DestinationPolicy& policy) {
  Node root = object(file, "networking.istio.io", "DestinationRule", *file.name,
                     manifest::encode(istio::from_model(policy)));
  root.comment(
      "How a caller's sidecar treats the pods of this service. Everything here is per caller: each sidecar "
      "keeps its own\n"
      "connections, its own counts and its own list of ejected pods.");
  comment(root, {"spec", "trafficPolicy", "connectionPool"},
          "Limits of one sidecar towards one version; what is above them is answered 503 at once (response "
          "flag UO).");
  comment(root, {"spec", "trafficPolicy", "connectionPool", "http", "http2MaxRequests"},
          "Requests at a time; in spite of its name it counts HTTP/1.1 as well.");
  if (file.outliers) {
    comment(root, {"spec", "trafficPolicy", "outlierDetection"},
            "A pod that fails so often in a row is left out of load balancing, longer each time.");
    comment(root, {"spec", "trafficPolicy", "outlierDetection", "maxEjectionPercent"},
            "Counted among the pods of one version and rounded down: of 3 pods 50 % is one, of a single pod "
            "none.");
  }
  comment(root, {"spec", "subsets"},
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
  Node root = object(file, "networking.istio.io", "VirtualService", table.name,
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
  Node root = object(file, "networking.istio.io", "EnvoyFilter", limit.name,
                     manifest::encode(istio::from_model(limit)));
  const auto& wanted = *file.rate_limit;
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
  comment(*config, {"@type"},
          "Istio decodes this; a filter without its type is rejected with the whole listener.");
  comment(*config, {"value", "filter_enabled"},
          "Both shares default to 0 %: without these two the filter would do nothing.");
  return root;
}

Node peer_authentication(const PolicyFile& file, const policy::MtlsPolicy& policy) {
  Node root = object(file, "security.istio.io", "PeerAuthentication", policy.name,
                     manifest::encode(istio::from_model(policy)));
  const bool strict = *policy.mode == policy::MtlsMode::kStrict;
  root.comment(strict ? "The pods' sidecars take mutual TLS only: whoever has no certificate of the mesh is "
                        "cut off, without an HTTP answer."
                      : "Plaintext is still taken, so that callers can join the mesh one by one; then say "
                        "'strict' in the policy file.");
  comment(
      root, {"spec", "portLevelMtls"},
      "A Prometheus outside of the mesh scrapes in plaintext. These are the pods' ports, not the Service's.");
  return root;
}

Node authorization_policy(const PolicyFile& file, const mesh::AuthorizationScope& scope) {
  return object(file, "security.istio.io", "AuthorizationPolicy", scope.policy.name,
                manifest::encode(istio::from_model(scope)));
}

}  // namespace

std::string istio_policies(const Draft& draft) {
  const auto& [file, model, mesh, heading] = draft;
  std::vector<Node> documents;
  for (const auto& policy : model.destinations) documents.push_back(destination_rule(file, policy));
  for (const auto& table : model.route_tables) documents.push_back(virtual_service(file, table));
  for (const auto& limit : model.rate_limits) documents.push_back(envoy_filter(file, limit));
  for (const auto& policy : model.mtls) documents.push_back(peer_authentication(file, policy));
  bool first = true;
  for (const auto& scope : model.authorization) {
    documents.push_back(authorization_policy(file, scope));
    if (std::exchange(first, false)) {
      documents.back().comment(
          "Who may call. As soon as one ALLOW policy covers a pod, what none of them allows is answered 403. "
          "An identity\n"
          "is that of the caller's certificate, so this needs mutual TLS. Probes come through the sidecar's "
          "agent and need\n"
          "no rule.");
    }
  }
  return heading + manifest::write_documents("", documents);
}

std::string istio_namespace(const Draft& draft) {
  return fmt::format(
      "{}apiVersion: v1\n"
      "kind: Namespace\n"
      "metadata:\n"
      "  name: {}\n"
      "  labels:\n"
      "    # Istio puts a sidecar into every pod that is created here from now on; running pods must be "
      "restarted once.\n"
      "    istio-injection: enabled\n",
      draft.heading, scalar(*draft.file.ns));
}

std::string istio_deployment_patch(const Draft& draft) {
  return fmt::format(
      "{}# What the pods need because a sidecar stands beside the application. The kustomization applies it "
      "to every Deployment.\n"
      "apiVersion: apps/v1\n"
      "kind: Deployment\n"
      "metadata:\n"
      "  name: every-deployment\n"
      "spec:\n"
      "  template:\n"
      "    metadata:\n"
      "      annotations:\n"
      "        # holdApplicationUntilProxyStarts: no request of the application is lost while its sidecar is "
      "not there yet.\n"
      "        # proxyStatsMatcher: Istio hides these numbers by default, and alerts on ejections and limits "
      "read them.\n"
      "        proxy.istio.io/config: |\n"
      "          holdApplicationUntilProxyStarts: true\n"
      "          tracing:\n"
      "            sampling: {}\n"
      "          proxyStatsMatcher:\n"
      "            inclusionRegexps:\n"
      "            - .*outlier_detection.*\n"
      "            - .*circuit_breakers.*\n"
      "            - .*upstream_rq_retry.*\n"
      "            - .*upstream_rq_pending_overflow.*\n"
      "            - .*http_local_rate_limit.*\n",
      draft.heading, *draft.file.observability.tracing_sampling);
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
  if (!file.observability.alerts.empty())
    all.push_back({file.name.origin, "observability.alerts", "", "they are not generated yet"});
  return all;
}

}  // namespace marty::dialect::generated
