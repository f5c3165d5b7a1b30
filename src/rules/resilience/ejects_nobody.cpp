#include <fmt/format.h>

#include <map>

#include "rules/rule.hpp"
#include "rules/subsets.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::int64_t kDefaultPercent = 10;  ///< istio.md 2.7

/// Endpoints of a host or subset: as written, and as an autoscaler may make them.
struct Hosts {
  std::uint64_t now = 0, most = 0;
};

Hosts count(const std::vector<const Pods*>& all) {
  Hosts hosts;
  for (const auto* pods : all) {
    hosts.now += pods->replicas;
    hosts.most += pods->most();
  }
  return hosts;
}

/// Less than one endpoint is none: since Envoy 1.28 (Istio 1.20) there is no exception for the first.
void too_few(const Resource& rule, const Node& at, const std::string& path, Hosts hosts, std::int64_t percent,
             bool written, Report& report) {
  auto& finding = report.at(
      rule, at, path,
      fmt::format("{} % of {} endpoints is less than one: none of them is ever ejected", percent, hosts.now));
  const auto enough = (100 + hosts.now - 1) / hosts.now;
  if (!written)
    finding.notes.push_back({{}, fmt::format("maxEjectionPercent is {} unless said", kDefaultPercent)});
  finding.notes.push_back({{}, fmt::format("maxEjectionPercent: {} lets one of them go", enough)});
  if (hosts.most * static_cast<std::uint64_t>(percent) >= 100) {
    finding.severity = Severity::kInfo;
    finding.notes.push_back(
        {{}, fmt::format("its autoscaler may make them {}, of which one is enough", hosts.most)});
  }
}

void check_block(const Resource& rule, const Place& block, Hosts hosts, std::string_view of, Report& report) {
  const Node* written = block.node.find("maxEjectionPercent");
  const auto percent = written == nullptr
                           ? kDefaultPercent
                           : number(block.node, "maxEjectionPercent").value_or(kDefaultPercent);
  if (hosts.now == 0 || percent <= 0) return;
  const Node& at = written == nullptr ? block.node : *written;
  const auto path = [&] {
    return written == nullptr ? block.path.words() : block.path + ".maxEjectionPercent";
  };
  if (hosts.most > 1 && percent < 100) {
    if (hosts.now * static_cast<std::uint64_t>(percent) < 100)
      too_few(rule, at, path(), hosts, percent, written != nullptr, report);
    return;
  }
  auto& finding =
      hosts.most == 1
          ? report.at(rule, at, path(),
                      fmt::format("{} has one endpoint: there is nobody to send its requests to instead", of))
          : report.at(
                rule, at, path(),
                fmt::format("100 % of {} endpoints may be ejected at once; then every call gets 503 (UH)",
                            hosts.now));
  finding.severity = Severity::kInfo;
  finding.notes = {{{},
                    hosts.most == 1 ? "outlier detection needs at least two endpoints"
                                    : "50 keeps half of them whatever happens"}};
}

/// What the policy of a subset says, for all ports and for single ones.
void check_subset(const Estate& estate, const Resource& rule, const Resource& service, const Place& subset,
                  Report& report) {
  const Node* policy = subset.node.find("trafficPolicy");
  if (policy == nullptr) return;
  const auto name = text(subset.node, "name");
  const auto check = [&](const Place& block) {
    const auto path = fmt::format("{}.trafficPolicy.{}", subset.path, block.path);
    check_block(rule, {block.node, path}, count(estate.subsets().pods(service, name)),
                fmt::format("subset '{}'", name), report);
  };
  each(*policy, "outlierDetection", check);
  each(*policy, "portLevelSettings[].outlierDetection", check);
}

/// How many endpoints ServiceEntries list for their hosts; what DNS or a selector finds is not known.
std::map<std::string_view, Hosts> listed_hosts(const Estate& estate) {
  std::map<std::string_view, Hosts> out;
  for (const auto* entry : estate.of("ServiceEntry")) {
    const Node* endpoints = get(entry->root, "spec.endpoints");
    if (text(entry->root, "spec.resolution") != "STATIC" || endpoints == nullptr) continue;
    each(entry->root, "spec.hosts[]", [&](const Place& host) {
      out.emplace(host.node.text, Hosts{endpoints->size(), endpoints->size()});
    });
  }
  return out;
}

void check(const Estate& estate, Report& report) {
  constexpr std::size_t kSubsets = 2;
  static constexpr Way kWays[] = {"spec.trafficPolicy.outlierDetection",
                                  "spec.trafficPolicy.portLevelSettings[].outlierDetection",
                                  "spec.subsets[]"};
  const auto listed = listed_hosts(estate);
  const auto& rules = estate.of("DestinationRule");
  if (rules.empty()) return;
  each(rules.found(), kWays, [&](std::size_t i, std::size_t way, const Place& at) {
    const auto& rule = *rules[i];
    if (way == kSubsets && at.node.find("trafficPolicy") == nullptr) return;
    const auto host = text(rule.root, "spec.host");
    const auto* service = estate.service(host, *rule.ns);
    if (way == kSubsets) {
      if (service != nullptr) check_subset(estate, rule, *service, at, report);
    } else if (service != nullptr) {
      check_block(rule, at, count(estate.pods_of(*service)), host, report);
    } else if (const auto entry = listed.find(host); entry != listed.end()) {
      check_block(rule, at, entry->second, host, report);
    }
  });
}

}  // namespace

extern const Rule ejects_nobody{
    .id = "ejects-nobody",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "outlier detection that can take out nobody, or everybody",
    .why =
        "Ejection moves requests to other endpoints. With a single endpoint there are none, and with 100 % "
        "allowed an outage that hits all of them ends with an empty pool and 503 for every call (both are "
        "infos). And the percentage is of the endpoints of the host or subset, rounded down: of 4 endpoints "
        "Istio's default of 10 % is less than one, so that none is ever taken out, whatever it answers.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    outlierDetection:
      consecutive5xxErrors: 5
      maxEjectionPercent: 100 # <<
  subsets:
  - name: v1
    labels: {version: v1}
    trafficPolicy:
      outlierDetection:
        consecutive5xxErrors: 5 # <<
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  replicas: 4
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets, version: v1}}
    spec:
      containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 80}]}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    outlierDetection:
      consecutive5xxErrors: 5
      maxEjectionPercent: 50
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers:
      - name: pets
        image: pets:1.0
        ports: [{containerPort: 80}]
        resources: {requests: {cpu: 100m}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: pets, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: pets}
  minReplicas: 3
  maxReplicas: 10
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
