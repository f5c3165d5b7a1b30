#pragma once

#include <list>
#include <string>
#include <string_view>
#include <vector>

#include "promql/syntax.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"
#include "telemetry/metric_table.hpp"

/// The PromQL in the files: of PrometheusRules, and of Grafana's dashboards in ConfigMaps.
namespace marty::rules {

struct Query {
  const Resource* resource = nullptr;
  const Node* node = nullptr;  ///< the expression; of a dashboard it lies in the JSON
  const Node* json = nullptr;  ///< the ConfigMap's text around it; nullptr for a rule
  const Node* rule = nullptr;  ///< of a PrometheusRule: the rule; else nullptr
  std::string path;
  promql::Parsed parsed;
};

/// An estate makes and keeps them; they look into its objects.
class Queries {
 public:
  explicit Queries(const Estate&);
  Queries(const Queries&) = delete;
  Queries& operator=(const Queries&) = delete;

  struct Dashboard {
    const Resource* resource;
    const Node* json;
    std::string path;
    Node root;
  };

  const std::vector<Query>& all() const { return all_; }
  const std::list<Dashboard>& dashboards() const { return dashboards_; }
  /// A rule of the files records it, or its name says that some rule does (a colon).
  bool recorded(std::string_view metric) const;
  /// Where byte `offset` of the expression stands in its file; the expression's own place when YAML folded
  /// it.
  SourceRange at(const Query&, std::size_t offset, std::size_t length) const;
  SourceRange at(const Dashboard&, const Node& in_json) const;
  /// Reports `length` bytes of the expression from `offset` on.
  Diagnostic& report(Report&, const Query&, std::size_t offset, std::size_t length,
                     std::string message) const;

 private:
  void read_rules(const Resource&);
  void read_dashboards(const Resource&);

  const SourceMap& sources_;
  std::vector<Query> all_;
  std::list<Dashboard> dashboards_;
  std::vector<std::string> recorded_;  // sorted
};

/// One use of a metric in an expression, with what is done to it.
struct MetricUse {
  const promql::Expr* selector = nullptr;
  const promql::Expr* function = nullptr;   ///< the call right around it or its range; nullptr when none
  std::vector<const promql::Expr*> around;  ///< from the root down to what holds the selector
};
std::vector<MetricUse> metric_uses(const promql::Expr&);

/// The mesh that a name's prefix speaks of; both meshes' names differ, so only one can.
struct MeshMetric {
  telemetry::MetricMesh mesh = telemetry::MetricMesh::kIstio;
  telemetry::MetricName name;
};
MeshMetric mesh_metric(std::string_view name);

}  // namespace marty::rules
