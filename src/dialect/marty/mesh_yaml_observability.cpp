#include <fmt/format.h>

#include <algorithm>

#include "dialect/marty/mesh_yaml_fields.hpp"
#include "dialect/names.hpp"
#include "manifest/duration.hpp"
#include "mesh/share.hpp"
#include "telemetry/metric_table.hpp"

namespace marty::mesh {

using namespace manifest;
using dialect::kDnsLabel;
using dialect::kPort;
using P = PolicyFile;

namespace {

bool is_share(std::string_view text) { return parse_share(text).has_value(); }
bool is_days(std::string_view text) {
  if (!text.ends_with('d')) return false;
  text.remove_suffix(1);
  return !text.empty() && text.size() <= 3 && text[0] != '0' &&
         text.find_first_not_of("0123456789") == text.npos;
}

constexpr Wants kShare{is_share, "a share between 0% and 100%, such as 5%"};
constexpr Wants kDays{is_days, "whole days such as 30d"};
constexpr Range kPercent = range(0, 100);
constexpr Range kHold{30e9, 1e300, 1'000'000'000,
                      "a single scrape proves nothing, and they are 15s apart; it is in whole seconds"};

}  // namespace

const Table& fields(Tag<P::Alerts::ErrorRate>) {
  using A = P::Alerts::ErrorRate;
  static const Fields<A> table{"errorRate",
                               {field("above", &A::above, kRequired, kShare), field("for", &A::hold, kHold)}};
  return table;
}

const Table& fields(Tag<P::Alerts::Latency>) {
  using A = P::Alerts::Latency;
  static const Fields<A> table{
      "p99", {field("above", &A::above, kRequired, dialect::kMilliseconds), field("for", &A::hold, kHold)}};
  return table;
}

const Table& fields(Tag<P::Alerts::Success>) {
  using A = P::Alerts::Success;
  static const Fields<A> table{"success",
                               {field("below", &A::below, kRequired, kShare), field("for", &A::hold, kHold)}};
  return table;
}

const Table& fields(Tag<P::Alerts::BreakerOpen>) {
  using A = P::Alerts::BreakerOpen;
  static const Fields<A> table{"breakerOpen", {field("for", &A::hold, kHold)}};
  return table;
}

const Table& fields(Tag<P::Alerts>) {
  using A = P::Alerts;
  static const Fields<A> table{
      "alerts",
      {field("errorRate", &A::error_rate, "of the service's own answers"),
       field("p99", &A::p99, "of the service's own answers"),
       field("success", &A::success, "as each caller sees it"),
       field("breakerOpen", &A::breaker_open, "a limit is reached or a pod taken out")}};
  return table;
}

const Table& fields(Tag<P::Slo::Latency>) {
  using L = P::Slo::Latency;
  static const Fields<L> table{"latency",
                               {field("below", &L::below, kRequired, dialect::kMilliseconds),
                                field("share", &L::share, kRequired, kShare)}};
  return table;
}

const Table& fields(Tag<P::Slo>) {
  using S = P::Slo;
  static const Fields<S> table{
      "slo",
      {field("availability", &S::availability, kRequired, kShare, "share of calls that must succeed"),
       field("latency", &S::latency), field("window", &S::window, kDays)}};
  return table;
}

const Table& fields(Tag<P::Collector>) {
  using C = P::Collector;
  static const Fields<C> table{
      "collector",
      {field("namespace", &C::ns, kDnsLabel), field("service", &C::service, kDnsLabel),
       field("port", &C::port, kPort, "OTLP over gRPC")}};
  return table;
}

static const Table& tracing() {
  using O = P::Observability;
  static const Fields<O> table{"tracing",
                               {field("sampling", &O::tracing_sampling, kPercent, "percent of requests"),
                                field("collector", &O::collector)}};
  return table;
}

const Table& fields(Tag<P::Observability>) {
  using O = P::Observability;
  static const Fields<O> table{
      "observability",
      {field("scrapedFrom", &O::scraped_from, kDnsLabel, "namespaces of Prometheus"),
       group<&tracing>("tracing"), field("alerts", &O::alerts), field("slo", &O::slo)}};
  return table;
}

}  // namespace marty::mesh

namespace marty::dialect {

namespace {

bool is_bound(telemetry::MetricId id, double milliseconds) {
  const auto bounds = telemetry::metric(id).bounds;
  return std::find(bounds.begin(), bounds.end(), milliseconds) != bounds.end();
}

}  // namespace

/// "Faster than 500ms" is a count only where a bucket ends at 500ms; between bounds it would be a guess.
void check_slo(const mesh::PolicyFile& file, manifest::Reader& reader) {
  if (!file.observability.slo || !file.observability.slo->latency) return;
  using telemetry::MetricId;
  const auto& below = file.observability.slo->latency->below;
  const auto ms = std::chrono::duration<double, std::milli>(*below).count();
  if (is_bound(MetricId::kRequestDuration, ms) && is_bound(MetricId::kLinkerdLatency, ms)) return;
  std::string both;
  for (const double bound : telemetry::metric(MetricId::kLinkerdLatency).bounds)
    if (is_bound(MetricId::kRequestDuration, bound))
      both += fmt::format("{}{}ms", both.empty() ? "" : ", ", bound);
  reader
      .error("invalid-value", {below.origin, 0},
             fmt::format("the meshes do not count what is faster than {}", manifest::print_duration(*below)))
      .notes.push_back({{}, "their histograms both end a bucket at: " + both});
}

}  // namespace marty::dialect
