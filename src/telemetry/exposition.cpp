#include "telemetry/exposition.hpp"

#include <iterator>

#include "core/assert.hpp"
#include "telemetry/utf8.hpp"

namespace marty::telemetry {

namespace {

std::string_view word(MetricType type) {
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

void Exposition::family(std::string_view name, MetricType type, std::string_view help) {
  family_ = name;
  fmt::format_to(std::back_inserter(text), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, word(type));
}

void Exposition::line(std::string_view suffix, std::string_view labels, std::string_view value) {
  const std::string_view open = labels.empty() ? "" : "{", close = labels.empty() ? "" : "}";
  fmt::format_to(std::back_inserter(text), "{}{}{}{}{} {}\n", family_, suffix, open, labels, close, value);
}

std::uint64_t Exposition::buckets(std::string_view labels, std::span<const double> bounds,
                                  std::span<const std::uint64_t> counts) {
  MARTY_ASSERT(counts.size() == bounds.size() + 1);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    below += counts[i];
    std::string all(labels);
    append_label("le", i < bounds.size() ? fmt::format("{}", bounds[i]) : "+Inf", all);
    line("_bucket", all, fmt::format("{}", below));
  }
  return below;
}

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

std::string labels(std::initializer_list<std::pair<std::string_view, std::string_view>> all) {
  std::string out;
  for (const auto& [name, value] : all) append_label(name, value, out);
  return out;
}

}  // namespace marty::telemetry
