#include "monitoring/promql.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/assert.hpp"

namespace marty::monitoring {

using telemetry::MetricType;

namespace {
constexpr std::string_view kAdded[] = {"app", "version", "workload"};
}  // namespace

std::span<const std::string_view> added_labels() { return kAdded; }

Selector::Selector(telemetry::MetricId id) : id_(id) {}

std::string Selector::name() const {
  const bool histogram = telemetry::metric(id_).type == MetricType::kHistogram;
  return telemetry::metric_name(id_) + (histogram ? "_bucket" : "");
}

Selector Selector::with(std::string_view label, std::string_view op, std::string_view value) const {
  MARTY_ASSERT(std::ranges::count(kAdded, label) > 0 ||
               telemetry::may_carry(name(), telemetry::metric(id_).mesh, label));
  MARTY_ASSERT(value.find_first_of("\"\\\n") == value.npos);
  Selector made = *this;
  made.matchers_.push_back({std::string(label), std::string(op), std::string(value)});
  return made;
}

Selector Selector::is(std::string_view label, std::string_view value) const {
  return with(label, "=", value);
}
Selector Selector::is_not(std::string_view label, std::string_view value) const {
  return with(label, "!=", value);
}
Selector Selector::like(std::string_view label, std::string_view pattern) const {
  return with(label, "=~", pattern);
}
Selector Selector::unlike(std::string_view label, std::string_view pattern) const {
  return with(label, "!~", pattern);
}

std::string Selector::text() const {
  std::string inside;
  for (const auto& [label, op, value] : matchers_)
    inside += fmt::format("{}{}{}\"{}\"", inside.empty() ? "" : ",", label, op, value);
  return fmt::format("{}{{{}}}", name(), inside);
}

std::string Selector::rate(std::string_view window) const {
  MARTY_ASSERT(telemetry::metric(id_).type != MetricType::kGauge);
  return fmt::format("rate({}[{}])", text(), window);
}

std::string Selector::highest(std::string_view window) const {
  MARTY_ASSERT(telemetry::metric(id_).type == MetricType::kGauge);
  return fmt::format("max_over_time({}[{}])", text(), window);
}

std::string Selector::series(const Labels& labels) const {
  Selector exact(id_);
  const auto given = [&](std::string_view label) {
    return std::ranges::any_of(labels, [&](const auto& pair) { return pair.first == label; });
  };
  for (const auto& matcher : matchers_)
    if (matcher.op == "=" && !given(matcher.label)) exact = exact.is(matcher.label, matcher.value);
  for (const auto& [label, value] : labels) exact = exact.is(label, value);
  return exact.text();
}

std::string sum(std::string_view expression, std::string_view by) {
  return by.empty() ? fmt::format("sum({})", expression) : fmt::format("sum by ({}) ({})", by, expression);
}

std::string or_zero(const std::string& part, const std::string& whole) {
  return fmt::format("({}\n or 0 * {})", part, whole);
}

std::string share(const std::string& part, const std::string& whole) {
  return fmt::format("{}\n / ({} > 0)", or_zero(part, whole), whole);
}

std::string prom_duration(Duration duration) {
  struct Unit {
    std::string_view name;
    Duration length;
  };
  static constexpr Unit kUnits[] = {{"d", 24h}, {"h", 1h}, {"m", 1min}, {"s", 1s}};
  for (const auto& [name, length] : kUnits)
    if (duration >= length && duration % length == Duration{0})
      return fmt::format("{}{}", duration / length, name);
  return fmt::format("{}ms", std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

}  // namespace marty::monitoring
