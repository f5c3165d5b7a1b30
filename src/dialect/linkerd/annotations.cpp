#include "dialect/linkerd/annotations.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace marty::dialect::linkerd {

using manifest::Node;

namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// The annotations of one object under one prefix. Each key that is asked for is known; what else is written
/// under the prefix is a typing mistake.
class Group {
 public:
  Group(const manifest::Resource& resource, std::string_view prefix, Diagnostics& found)
      : Group(resource.root.find("metadata"), resource.ref(), prefix, found) {}
  Group(const Node* metadata, ObjectRef object, std::string_view prefix, Diagnostics& found)
      : object_(std::move(object)), prefix_(prefix), found_(found) {
    annotations_ = metadata ? metadata->find("annotations") : nullptr;
    if (annotations_ && !annotations_->is_mapping()) annotations_ = nullptr;
  }

  /// Reads a value with `parse`; false when it is written and wrong. Unwritten ones leave `out` alone.
  template <class Out, class Parse>
  bool read(std::string_view key, Out& out, Parse parse, std::string_view wanted) {
    known_.push_back(key);
    const Node* value = find(key);
    if (!value) return true;
    written_ = true;
    if (auto parsed = value->is_scalar() ? parse(trimmed(value->text)) : std::nullopt) {
      out = Sourced{*std::move(parsed), value->origin};
      return true;
    }
    error(*value, fmt::format("'{}' is not {}", value->is_scalar() ? value->text : "", wanted));
    return false;
  }
  bool read(std::string_view key, Sourced<Duration>& out) {
    return read(key, out, parse_annotation_duration, kDuration);
  }
  bool read(std::string_view key, Maybe<Duration>& out) {
    return read(key, out, parse_annotation_duration, kDuration);
  }
  template <class Number>
  bool read(std::string_view key, Sourced<Number>& out, Number min, Number max) {
    const auto parse = [&](std::string_view text) {
      const auto value = parse_number<Number>(text);
      return value && *value >= min && *value <= max ? value : std::nullopt;
    };
    return read(key, out, parse, fmt::format("a number from {} to {}", min, max));
  }

  /// Keys under the prefix that nobody asked for.
  void report_unknown() {
    if (!annotations_ || !annotations_->is_mapping()) return;
    for (std::size_t i = 0; i < annotations_->size(); ++i) {
      const Node& key = annotations_->entry(i).key;
      if (!key.text.starts_with(prefix_)) continue;
      const auto name = std::string_view(key.text).substr(prefix_.size());
      if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
      auto& finding = found_.warning("unknown-annotation", key.range(),
                                     fmt::format("Linkerd knows no annotation '{}'", key.text));
      finding.object = object_;
      if (const auto near = closest(name, known_))
        finding.notes.push_back({{}, fmt::format("did you mean '{}{}'?", prefix_, *near)});
      else
        finding.notes.push_back({{}, fmt::format("known: {}{}", prefix_, fmt::join(known_, ", "))});
    }
  }

  void error(const Node& value, std::string message) { error(value.range(), std::move(message)); }
  void error(SourceRange where, std::string message) {
    found_.error("invalid-value", where, std::move(message)).object = object_;
  }
  /// Some annotation that was asked for is written.
  bool written() const { return written_; }
  Origin origin() const { return annotations_ ? annotations_->origin : Origin{}; }

 private:
  static constexpr std::string_view kDuration =
      "a duration of one number and one unit (ms, s, m, h, d), such as 1500ms";

  const Node* find(std::string_view key) const {
    return annotations_ ? annotations_->find(fmt::format("{}{}", prefix_, key)) : nullptr;
  }

  const Node* annotations_ = nullptr;
  ObjectRef object_;
  std::string_view prefix_;
  Diagnostics& found_;
  std::vector<std::string_view> known_;
  bool written_ = false;
};

std::optional<FailureAccrual::Mode> parse_mode(std::string_view text) {
  if (text == "consecutive") return FailureAccrual::Mode::kConsecutive;
  if (text == "unified") return FailureAccrual::Mode::kUnified;
  return {};
}

std::optional<Retries::StatusRange> parse_range(std::string_view text) {
  if (text == "5xx" || text == "5XX") return Retries::StatusRange{500, 599};
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (lower == "gateway-error") return Retries::StatusRange{502, 504};
  const auto dash = text.find('-');
  const auto first = parse_number<std::uint16_t>(text.substr(0, dash));
  const auto last = dash == text.npos ? first : parse_number<std::uint16_t>(text.substr(dash + 1));
  if (!first || !last || *first < 100 || *last > 599 || *first > *last) return {};
  return Retries::StatusRange{*first, *last};
}

/// Items between commas; a space is part of its item, which Linkerd then refuses.
template <class Item, class Parse>
std::optional<std::vector<Item>> parse_list(std::string_view text, Parse parse) {
  std::vector<Item> items;
  for (;;) {
    const auto comma = text.find(',');
    auto item = parse(text.substr(0, comma));
    if (!item) return {};
    items.push_back(*std::move(item));
    if (comma == text.npos) return items;
    text.remove_prefix(comma + 1);
  }
}

std::optional<std::vector<Retries::StatusRange>> parse_statuses(std::string_view text) {
  return parse_list<Retries::StatusRange>(text, parse_range);
}

std::optional<TextList> parse_codes(std::string_view text) {
  return parse_list<Text>(text, [](std::string_view code) -> std::optional<Text> {
    for (const char* known :
         {"cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"})
      if (code == known) return Text{std::string(code)};
    return {};
  });
}

std::optional<DefaultPolicy> parse_policy(std::string_view text) {
  for (const auto& spelling : spellings(Tag<DefaultPolicy>{}))
    if (spelling.text == text) return static_cast<DefaultPolicy>(spelling.value);
  return {};
}

/// Linkerd reads a 0 as "not set".
void unset_zero(Maybe<Duration>& duration) {
  if (duration && **duration == Duration{0}) duration.reset();
}

}  // namespace

std::optional<Duration> parse_annotation_duration(std::string_view text) {
  if (text == "0") return Duration{0};
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_number<std::uint64_t>(text.substr(0, digits));
  if (!number) return {};
  struct Unit {
    std::string_view name;
    std::int64_t ns;
  };
  static constexpr Unit kUnits[] = {{"ms", 1'000'000},
                                    {"s", 1'000'000'000},
                                    {"m", 60'000'000'000},
                                    {"h", 3'600'000'000'000},
                                    {"d", 86'400'000'000'000}};
  for (const Unit& unit : kUnits) {
    if (unit.name != text.substr(digits)) continue;
    if (*number > static_cast<std::uint64_t>(INT64_MAX / unit.ns)) return {};
    return Duration{static_cast<std::int64_t>(*number) * unit.ns};
  }
  return {};
}

std::string print_annotation_duration(Duration duration) {
  const auto ms = duration.count() / 1'000'000;
  return ms % 1000 == 0 ? fmt::format("{}s", ms / 1000) : fmt::format("{}ms", ms);
}

std::optional<FailureAccrual> decode_failure_accrual(const manifest::Resource& resource, Diagnostics& found) {
  constexpr auto kMost = std::numeric_limits<std::uint32_t>::max();
  FailureAccrual wire;
  Group stable(resource, "balancer.linkerd.io/", found), alpha(resource, "balancer.alpha.linkerd.io/", found);
  Maybe<FailureAccrual::Mode> mode;
  Sourced<double>& rate = wire.success_rate_threshold;
  // Not short-circuited: every wrong value is reported.
  const bool right[] = {
      stable.read("failure-accrual", mode, parse_mode, "'consecutive' or 'unified'"),
      stable.read("failure-accrual-consecutive-max-failures", wire.max_failures, 0u, kMost),
      stable.read("failure-accrual-consecutive-min-penalty", wire.min_penalty),
      stable.read("failure-accrual-consecutive-max-penalty", wire.max_penalty),
      stable.read("failure-accrual-consecutive-jitter-ratio", wire.jitter_ratio, 0.0, 100.0),
      alpha.read("failure-accrual-success-rate-threshold", rate, 0.0, 1.0),
      alpha.read("failure-accrual-success-rate-window", wire.success_rate_window),
      alpha.read("failure-accrual-success-rate-min-requests", wire.success_rate_min_requests, 0u,
                 1'000'000u)};
  stable.report_unknown();
  const bool all_right = std::all_of(std::begin(right), std::end(right), [](bool one) { return one; });
  if (!mode) {
    if (stable.written() && all_right)
      stable.error({stable.origin(), 0},
                   "nothing is shut off without balancer.linkerd.io/failure-accrual: consecutive");
    return {};
  }
  const auto &min = wire.min_penalty, &max = wire.max_penalty;
  if (*max <= Duration{0} || *max < *min) {
    stable.error({max.written() ? max.origin : min.origin, 0},
                 "the longest penalty must be above zero and no shorter than the shortest");
    return {};
  }
  if (!all_right) return {};
  wire.mode = *mode;
  wire.origin = mode->origin;
  return wire;
}

std::optional<Retries> decode_retries(const manifest::Resource& resource, Diagnostics& found) {
  Retries wire;
  Group group(resource, "retry.linkerd.io/", found);
  const bool right[] = {
      group.read("http", wire.http, parse_statuses,
                 "a list of statuses such as 5xx, gateway-error, 503 or 500-504, with commas and no spaces"),
      group.read(
          "grpc", wire.grpc, parse_codes,
          "a list of cancelled, deadline-exceeded, internal, resource-exhausted and unavailable, with commas "
          "and no spaces"),
      group.read("limit", wire.limit, std::uint16_t{0}, std::uint16_t{65535}),
      group.read("timeout", wire.timeout)};
  group.report_unknown();
  if (!group.written() || !std::all_of(std::begin(right), std::end(right), [](bool one) { return one; }))
    return {};
  if (*wire.limit == 0) wire.limit = {1};
  unset_zero(wire.timeout);
  wire.origin = group.origin();
  return wire;
}

Timeouts decode_timeouts(const manifest::Resource& resource, Diagnostics& found) {
  Timeouts wire;
  Group group(resource, "timeout.linkerd.io/", found);
  const bool right[] = {group.read("request", wire.request), group.read("response", wire.response),
                        group.read("idle", wire.idle)};
  group.report_unknown();
  if (!std::all_of(std::begin(right), std::end(right), [](bool one) { return one; })) return {};
  for (auto* one : {&wire.request, &wire.response, &wire.idle}) unset_zero(*one);
  return wire;
}

Maybe<DefaultPolicy> decode_default_policy(const Node& metadata, ObjectRef object, Diagnostics& found) {
  Maybe<DefaultPolicy> policy;
  Group group(&metadata, std::move(object), "config.linkerd.io/", found);
  group.read("default-inbound-policy", policy, parse_policy,
             "deny, audit, all-unauthenticated, all-authenticated, cluster-unauthenticated or "
             "cluster-authenticated");
  return policy;
}

}  // namespace marty::dialect::linkerd
