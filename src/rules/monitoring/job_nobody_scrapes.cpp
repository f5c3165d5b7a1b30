#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "rules/queries.hpp"
#include "rules/scrapes.hpp"

namespace marty::rules::catalog {
namespace {

/// Jobs of the cluster itself, which its own monitors give, however near a name of the files they come.
constexpr std::string_view kOfTheCluster[] = {
    "apiserver",  "kubelet",        "kube-state-metrics",      "node-exporter", "coredns",    "kube-dns",
    "kube-proxy", "kube-scheduler", "kube-controller-manager", "etcd",          "prometheus", "alertmanager",
    "grafana",    "istiod"};

/// The values of the label `job` that the monitors of the files give, as far as those can be told.
class Jobs {
 public:
  explicit Jobs(const Estate& estate) {
    std::map<std::string, Estate::List> services;
    for (const auto* service : estate.of("Service")) services[*service->ns].push_back(service);
    for (const auto* monitor : estate.of("ServiceMonitor")) {
      if (const auto watched = watched_namespaces(*monitor)) {
        for (const auto& ns : *watched)
          if (const auto there = services.find(ns); there != services.end())
            of_services(there->second, *monitor);
      } else {
        of_services(estate.of("Service"), *monitor);
      }
    }
    for (const auto* monitor : estate.of("PodMonitor")) of_pods(estate, *monitor);
  }

  bool known(std::string_view job) const { return values_.contains(job); }
  /// What a monitor's targets are called; nothing for one that relabels, or whose targets are not here.
  const std::set<std::string>* of(std::string_view monitor) const {
    const auto found = by_monitor_.find(monitor);
    return found == by_monitor_.end() || found->second.jobs.empty() ? nullptr : &found->second.jobs;
  }
  const Resource* monitor(std::string_view name) const { return by_monitor_.find(name)->second.resource; }
  std::vector<std::string_view> all() const { return {values_.begin(), values_.end()}; }
  /// Some monitor of the files may give any job at all.
  bool open() const { return open_; }

 private:
  struct Named {
    const Resource* resource = nullptr;
    std::set<std::string> jobs;
  };

  /// Whether a rule on the way sets the label by itself.
  static bool relabels(const Resource& monitor) {
    bool found = false;
    for (const auto* list : {"spec.endpoints[]", "spec.podMetricsEndpoints[]"})
      for (const auto* field : {".relabelings[]", ".metricRelabelings[]"})
        each(monitor.root, std::string(list) + field, [&](const Place& rule) {
          const auto target = text(rule.node, "targetLabel"), action = text(rule.node, "action");
          found |= target == "job" || action == "labelmap";
        });
    return found;
  }

  void add(const Resource& monitor, std::string job) {
    auto& named = by_monitor_[*monitor.name];
    named.resource = &monitor;
    named.jobs.insert(job);
    values_.insert(std::move(job));
  }

  void of_services(const Estate::List& services, const Resource& monitor) {
    const auto labels = labels_at(get(monitor.root, "spec.selector.matchLabels"));
    if (relabels(monitor) || get(monitor.root, "spec.selector.matchExpressions") != nullptr) {
      open_ = true;
      return;
    }
    const std::string label(text(monitor.root, "spec.jobLabel"));
    for (const auto* service : services) {
      const auto own = labels_at(get(service->root, "metadata.labels"));
      if (!mesh::selects(labels, own)) continue;
      const auto said = own.find(label);
      add(monitor, said != own.end() && !said->second.empty() ? said->second : *service->name);
    }
  }

  void of_pods(const Estate& estate, const Resource& monitor) {
    if (relabels(monitor)) {
      open_ = true;
      return;
    }
    const std::string label(text(monitor.root, "spec.jobLabel"));
    if (!label.empty())
      for (const auto& pods : estate.pods())
        if (const auto said = pods.labels.find(label); said != pods.labels.end()) add(monitor, said->second);
    add(monitor, *monitor.ns + "/" + *monitor.name);
  }

  std::map<std::string, Named, std::less<>> by_monitor_;
  std::set<std::string, std::less<>> values_;
  bool open_ = false;
};

void tell(const Jobs& jobs, const Query& query, const promql::Matcher& matcher, const Queries& queries,
          Report& report) {
  if (std::ranges::count(kOfTheCluster, matcher.value) > 0) return;
  const auto* own = jobs.of(matcher.value);
  const auto near = own != nullptr ? std::optional(*own->begin()) : closest(matcher.value, jobs.all());
  if (!near) return;  // somebody else's target
  auto& finding = queries.report(report, query, matcher.at, matcher.label.size(),
                                 fmt::format("no target of the monitors here is job '{}'", matcher.value));
  if (own != nullptr)
    finding.notes.push_back(
        see(*jobs.monitor(matcher.value), fmt::format("the targets of this monitor are job '{}'", *near)));
  finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *near)});
}

void each_job(const Queries& queries, const std::function<void(const Query&, const promql::Matcher&)>& see) {
  for (const auto& query : queries.all())
    for (const auto& use : metric_uses(query.parsed.root))
      for (const auto& matcher : use.selector->matchers)
        if (matcher.label == "job" && matcher.op == "=" && !matcher.value.empty() &&
            matcher.value.find('$') == std::string::npos)
          see(query, matcher);
}

void check(const Estate& estate, Report& report) {
  const auto& queries = estate.queries();
  bool asked = false;
  each_job(queries, [&](const Query&, const promql::Matcher&) { asked = true; });
  if (!asked || !estate.of("ScrapeConfig").empty()) return;
  const Jobs jobs(estate);
  if (jobs.open() || jobs.all().empty()) return;
  each_job(queries, [&](const Query& query, const promql::Matcher& matcher) {
    if (!jobs.known(matcher.value)) tell(jobs, query, matcher, queries, report);
  });
}

}  // namespace

extern const Rule job_nobody_scrapes{
    .id = "job-nobody-scrapes",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a query for a job that the monitors do not give",
    .why =
        "The operator names targets: for a ServiceMonitor the job is the name of the Service, for a "
        "PodMonitor 'namespace/name' of the monitor, unless jobLabel names a label whose value is to be it. "
        "A query for another job selects nothing, and an alert on it stays silent. Found where the job is "
        "a monitor's own name, or nearly one that is there; a job that looks like nothing here may be "
        "scraped by others.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop, labels: {app: pets}}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: pets-metrics, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  endpoints: [{port: http}]
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: PetsAreGone
      for: 5m
      expr: |-
        absent(up{
          job="pets-metrics"}) # <<
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop, labels: {app: pets}}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: pets-metrics, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  endpoints: [{port: http}]
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: PetsAreGone
      for: 5m
      expr: |-
        absent(up{
          job="pets"})
)",
    .check = check,
};

}  // namespace marty::rules::catalog
