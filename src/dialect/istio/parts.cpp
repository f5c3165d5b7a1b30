#include "dialect/istio/parts.hpp"

#include <fmt/format.h>

#include "manifest/reader.hpp"

namespace marty::dialect::istio {

using namespace manifest;

namespace {

void check_match(const StringMatch& match, const Node&, Reader& reader) {
  if (!match.regex || **match.regex == "*") return;
  std::string why;
  const auto& pattern = *match.regex;
  if (pattern->empty()) why = "it is empty";
  if (!pattern->empty() && policy::Regex::compile(*pattern, why)) return;
  const auto length = static_cast<std::uint16_t>(std::min<std::size_t>(pattern->size(), UINT16_MAX));
  reader.error("invalid-value", {pattern.origin, length},
               fmt::format("this is no RE2 expression that Istio takes: {}", why));
}

}  // namespace

const Table& fields(Tag<StringMatch>) {
  static const Fields<StringMatch> table{
      "StringMatch",
      {field("exact", &StringMatch::exact, OneOf{"kind"}, "the whole value"),
       field("prefix", &StringMatch::prefix, OneOf{"kind"}, "how the value begins"),
       field("regex", &StringMatch::regex, OneOf{"kind"}, "RE2, on the whole value")},
      check_match};
  return table;
}

policy::StringMatch to_policy(const StringMatch& wire) {
  using Kind = policy::StringMatch::Kind;
  policy::StringMatch match;
  match.origin = wire.origin;
  const auto take = [&](const Text& text, Kind kind) {
    match.kind = kind;
    match.text = *text;
    match.origin = text.origin;
  };
  if (wire.exact) {
    take(*wire.exact, Kind::kExact);
  } else if (wire.prefix) {
    take(*wire.prefix, Kind::kPrefix);
  } else if (wire.regex && **wire.regex != "*") {
    take(*wire.regex, Kind::kRegex);
    std::string why;
    match.regex = policy::Regex::compile(match.text, why);
  } else {
    match.kind = Kind::kPresent;
  }
  return match;
}

StringMatch from_policy(const policy::StringMatch& match) {
  using Kind = policy::StringMatch::Kind;
  const Text text{match.text, match.origin};
  StringMatch wire;
  wire.origin = match.origin;
  if (match.kind == Kind::kExact) wire.exact = text;
  if (match.kind == Kind::kPrefix) wire.prefix = text;
  if (match.kind == Kind::kRegex) wire.regex = text;
  return wire;
}

const Table& fields(Tag<Percent>) {
  static const Fields<Percent> table{"Percent",
                                     {field("value", &Percent::value, range(0, 100), "percent of requests")}};
  return table;
}

Sourced<std::uint32_t> to_ppm(const std::optional<Percent>& percent) {
  // The small addend keeps 0.29 from becoming 0.2899 through binary fractions.
  if (!percent) return {0};
  return {static_cast<std::uint32_t>(*percent->value * 10'000 + 1e-6), percent->value.origin};
}

Percent from_ppm(Sourced<std::uint32_t> ppm) { return {{*ppm / 10'000.0, ppm.origin}}; }

const Table& fields(Tag<PortSelector>) {
  static const Fields<PortSelector> table{"PortSelector",
                                          {field("number", &PortSelector::number, range(1, 65535))}};
  return table;
}

const Table& fields(Tag<WorkloadSelector>) {
  static const Fields<WorkloadSelector> table{
      "WorkloadSelector",
      {field("matchLabels", &WorkloadSelector::match_labels, "labels the pods must have")}};
  return table;
}

const Table& fields(Tag<TargetRef>) {
  static const Fields<TargetRef> table{
      "TargetRef", {ignored("group"), ignored("kind"), ignored("name"), ignored("namespace")}};
  return table;
}

}  // namespace marty::dialect::istio
