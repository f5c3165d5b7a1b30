#include <map>

#include "core/assert.hpp"
#include "telemetry/exposition.hpp"
#include "telemetry/registry.hpp"

/// Registries as a page for Prometheus.
namespace marty::telemetry {
namespace {

using Series = Registry::Series;

/// A series on the page: labels written out, values of equal ones added up.
struct Line {
  MetricId id;
  std::vector<const Series*> parts;
};
/// Family name → label text → line. Maps give the order: no page depends on when a series was made.
using Family = std::map<std::string, Line>;

/// Family name and label text of a series.
std::pair<std::string, std::string> describe(const Series& series, std::string_view extra_label,
                                             std::string_view extra_value) {
  const auto& row = metric(series.id);
  const auto values = label_values(series);
  MARTY_ASSERT(values.size() == row.labels.size());
  std::string labels;
  if (!extra_label.empty()) append_label(extra_label, extra_value, labels);
  const std::size_t in_name = row.name_has_prefix() ? 1 : 0;
  for (std::size_t i = in_name; i < values.size(); ++i) append_label(row.labels[i], values[i], labels);
  return {in_name ? metric_name(series.id, values[0]) : std::string(row.name), std::move(labels)};
}

/// Values of equal series, added up.
auto sum(const Line& line, auto value) {
  decltype(value(*line.parts.front())) total{};
  for (const auto* part : line.parts) total += value(*part);
  return total;
}

void write(const std::string& labels, const Line& line, Exposition& page) {
  switch (metric(line.id).type) {
    case MetricType::kCounter:
      return page.sample(labels, sum(line, [](const Series& s) { return s.counter; }));
    case MetricType::kGauge:
      return page.sample(labels, sum(line, [](const Series& s) { return s.gauge; }));
    case MetricType::kHistogram: {
      Histogram total(metric(line.id).bounds);
      for (const auto* part : line.parts) total.add(*part->histogram);
      if (metric(line.id).unit() == "seconds")
        return page.histogram(labels, total.bounds(), total.buckets(),
                              static_cast<double>(total.sum()) / 1e6);
      return page.histogram(labels, total.bounds(), total.buckets(), total.sum());
    }
  }
}

}  // namespace

std::string render(std::span<const NamedRegistry> registries, std::string_view extra_label) {
  std::map<std::string, Family> families;
  for (const auto& [value, registry] : registries) {
    for (const auto& series : registry->all()) {
      auto [name, labels] = describe(series, extra_label, value);
      auto& line = families[std::move(name)][std::move(labels)];
      line.id = series.id;
      line.parts.push_back(&series);
    }
  }
  Exposition page;
  for (const auto& [name, family] : families) {
    const auto& row = metric(family.begin()->second.id);
    page.family(name, row.type, row.help);
    for (const auto& [labels, line] : family) write(labels, line, page);
  }
  return std::move(page.text);
}

}  // namespace marty::telemetry
