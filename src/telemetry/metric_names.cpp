#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/assert.hpp"
#include "telemetry/metric_table.hpp"

/// What a metric's name says, and metrics found by their names.
namespace marty::telemetry {

bool Metric::name_has_prefix() const { return name.find(kStatPrefix) != name.npos; }

bool Metric::has_label(std::string_view label) const {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

std::string_view Metric::unit() const {
  const auto says = [&](std::string_view word) { return name.find(word) != name.npos; };
  if (says("_milliseconds") || name.ends_with("_ms")) return "milliseconds";
  if (says("_seconds")) return "seconds";
  if (says("_bytes")) return "bytes";
  return "";
}

std::string Metric::stats_inclusion() const {
  if (!name.starts_with("envoy_") || id == MetricId::kRbac) return {};
  // Where a "_" of the name was a "." the native name has a word of its own to match.
  for (const std::string_view group :
       {"outlier_detection", "circuit_breakers", "http_local_rate_limit", "upstream_rq_retry", "fault"})
    if (name.find(group) != name.npos) return fmt::format(".*{}.*", group);
  for (const std::string_view scope : {"envoy_cluster_", "envoy_http_"})
    if (name.starts_with(scope)) return fmt::format(".*{}.*", name.substr(scope.size()));
  MARTY_ASSERT(false && "an Envoy statistic of an unknown scope");
}

std::string metric_name(MetricId id, std::string_view stat_prefix) {
  std::string name(metric(id).name);
  if (const auto at = name.find(kStatPrefix); at != name.npos) {
    name.replace(at, kStatPrefix.size(), stat_prefix);
    // Envoy maps what Prometheus does not allow in a name to "_".
    for (char& c : name) {
      const bool allowed =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
      if (!allowed) c = '_';
    }
  }
  return name;
}

namespace {

constexpr std::string_view kTargetLabels[] = {"job", "instance", "namespace", "pod", "container", "endpoint"};

/// What is left of `name` behind the row's own name; nullopt when it is another metric's.
std::optional<std::string_view> behind(const Metric& row, std::string_view name) {
  const auto gap = row.name.find(kStatPrefix);
  if (gap != row.name.npos) {
    const auto head = row.name.substr(0, gap), tail = row.name.substr(gap + kStatPrefix.size());
    const bool fits =
        name.starts_with(head) && name.ends_with(tail) && name.size() > head.size() + tail.size();
    return fits ? std::optional<std::string_view>("") : std::nullopt;
  }
  return name.starts_with(row.name) ? std::optional(name.substr(row.name.size())) : std::nullopt;
}

MetricName named_by(const Metric& row, MetricMesh mesh, std::string_view name) {
  if (row.mesh != mesh) return {};
  const auto rest = behind(row, name);
  if (!rest) return {};
  if (row.type != MetricType::kHistogram) return rest->empty() ? MetricName{&row, ""} : MetricName{};
  for (const std::string_view part : {"bucket", "sum", "count"})
    if (rest->starts_with('_') && rest->substr(1) == part) return {&row, part};
  return {};
}

}  // namespace

MetricName find_metric(std::string_view name, MetricMesh mesh) {
  for (const auto& row : metric_table())
    if (const auto found = named_by(row, mesh, name); found.row) return found;
  return {};
}

bool may_carry(std::string_view name, MetricMesh mesh, std::string_view label) {
  for (const auto& row : metric_table()) {
    const auto found = named_by(row, mesh, name);
    if (!found.row) continue;
    if (row.has_label(label) && !(row.name_has_prefix() && label == row.labels[0])) return true;
    if (label == "le" ? found.part == "bucket" : std::ranges::count(kTargetLabels, label) > 0) return true;
  }
  return false;
}

std::span<const std::string_view> target_labels() { return kTargetLabels; }

}  // namespace marty::telemetry
