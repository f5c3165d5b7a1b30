#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>

#include "core/assert.hpp"
#include "telemetry/registry.hpp"
#include "telemetry/utf8.hpp"

/// The text exposition format, version 0.0.4.
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

void append_label(std::string_view name, std::string_view value, std::string& out) {
  if (!out.empty()) out += ',';
  out += name;
  out += "=\"";
  while (!value.empty()) {
    const auto length = utf8_length(value);
    const char c = value.front();
    if (length == 0) {
      out += kReplacementCharacter;  // also where a long value was cut inside a character
    } else if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += value.substr(0, length);
    }
    value.remove_prefix(length ? length : 1);
  }
  out += '"';
}

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

void append_sample(std::string_view name, std::string_view suffix, std::string_view labels, auto value,
                   std::string& out) {
  const std::string_view open = labels.empty() ? "" : "{", close = labels.empty() ? "" : "}";
  fmt::format_to(std::back_inserter(out), "{}{}{}{}{} {}\n", name, suffix, open, labels, close, value);
}

void append_histogram(const std::string& name, const std::string& labels, const Line& line,
                      std::string& out) {
  Histogram total(metric(line.id).bounds);
  for (const auto* part : line.parts) total.add(*part->histogram);
  const std::string before = labels.empty() ? "" : labels + ",";
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < total.buckets().size(); ++i) {
    below += total.buckets()[i];
    const auto le = i < total.bounds().size() ? fmt::format("{}", total.bounds()[i]) : "+Inf";
    append_sample(name, "_bucket", fmt::format("{}le=\"{}\"", before, le), below, out);
  }
  append_sample(name, "_sum", labels, total.sum(), out);
  append_sample(name, "_count", labels, below, out);
}

void append_line(const std::string& name, const std::string& labels, const Line& line, std::string& out) {
  switch (metric(line.id).type) {
    case MetricType::kCounter: {
      std::uint64_t sum = 0;
      for (const auto* part : line.parts) sum += part->counter;
      return append_sample(name, "", labels, sum, out);
    }
    case MetricType::kGauge: {
      std::int64_t sum = 0;
      for (const auto* part : line.parts) sum += part->gauge;
      return append_sample(name, "", labels, sum, out);
    }
    case MetricType::kHistogram:
      return append_histogram(name, labels, line, out);
  }
}

std::string_view type_word(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      break;
  }
  return "histogram";
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
  std::string out;
  for (const auto& [name, family] : families) {
    const auto& row = metric(family.begin()->second.id);
    fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name, row.help, name,
                   type_word(row.type));
    for (const auto& [labels, line] : family) append_line(name, labels, line, out);
  }
  return out;
}

}  // namespace marty::telemetry
