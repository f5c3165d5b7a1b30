#include "dialect/istio/telemetry.hpp"

#include "dialect/istio/parts.hpp"

namespace marty::dialect::istio {

using namespace manifest;

namespace {

struct Provider {
  Text name;
};
struct Match {
  Text mode, metric, custom_metric;
};
struct TagOverride {
  Text operation, value;
};
struct MetricOverride {
  std::optional<Match> match;
  Maybe<bool> disabled;
  std::map<std::string, TagOverride> tag_overrides;
};
struct Metrics {
  std::vector<Provider> providers;
  std::vector<MetricOverride> overrides;
  Maybe<Duration> reporting_interval;
};
struct Tracing {
  std::optional<Match> match;
  std::vector<Provider> providers;
  Maybe<double> sampling;
  Maybe<bool> no_spans, by_request_id, istio_tags, no_propagation;
};
struct Filter {
  Text expression;
};
struct AccessLogging {
  std::optional<Match> match;
  std::vector<Provider> providers;
  Maybe<bool> disabled;
  std::optional<Filter> filter;
};
struct Telemetry {
  static constexpr const char* kKind = "Telemetry";
  std::optional<WorkloadSelector> selector;
  std::vector<TargetRef> target_refs;
  std::vector<Metrics> metrics;
  std::vector<Tracing> tracing;
  std::vector<AccessLogging> access_logging;
};

template <class... Words>
bool one_of(std::string_view text, Words... words) {
  return ((text == words) || ...);
}
bool is_mode(std::string_view text) { return one_of(text, "CLIENT_AND_SERVER", "CLIENT", "SERVER"); }
bool is_metric(std::string_view text) {
  return one_of(text, "ALL_METRICS", "REQUEST_COUNT", "REQUEST_DURATION", "REQUEST_SIZE", "RESPONSE_SIZE",
                "TCP_OPENED_CONNECTIONS", "TCP_CLOSED_CONNECTIONS", "TCP_SENT_BYTES", "TCP_RECEIVED_BYTES",
                "GRPC_REQUEST_MESSAGES", "GRPC_RESPONSE_MESSAGES");
}
bool is_operation(std::string_view text) { return one_of(text, "UPSERT", "REMOVE"); }
bool is_text(std::string_view text) { return !text.empty(); }

constexpr Wants kMode{is_mode, "CLIENT_AND_SERVER, CLIENT or SERVER"};
constexpr Wants kMetric{is_metric, "one of Istio's metrics, such as REQUEST_COUNT"};
constexpr Wants kOperation{is_operation, "UPSERT or REMOVE"};
constexpr Wants kSomething{is_text, "a text"};

const Table& fields(Tag<Provider>) {
  static const Fields<Provider> table{
      "provider",
      {field("name", &Provider::name, kRequired, kSomething, "of meshConfig.extensionProviders")}};
  return table;
}

const Table& fields(Tag<Match>) {
  static const Fields<Match> table{
      "match",
      {field("mode", &Match::mode, kMode), field("metric", &Match::metric, kMetric, OneOf{"metric"}),
       field("customMetric", &Match::custom_metric, OneOf{"metric"})}};
  return table;
}

const Table& fields(Tag<TagOverride>) {
  using T = TagOverride;
  static const Fields<T> table{
      "tagOverride",
      {field("operation", &T::operation, kOperation), field("value", &T::value, "a CEL expression")}};
  return table;
}

const Table& fields(Tag<MetricOverride>) {
  using M = MetricOverride;
  static const Fields<M> table{
      "override",
      {field("match", &M::match), field("disabled", &M::disabled), field("tagOverrides", &M::tag_overrides)}};
  return table;
}

const Table& fields(Tag<Metrics>) {
  using M = Metrics;
  static const Fields<M> table{"metrics",
                               {field("providers", &M::providers), field("overrides", &M::overrides),
                                field("reportingInterval", &M::reporting_interval, kIstioDuration)}};
  return table;
}

const Table& fields(Tag<Tracing>) {
  using T = Tracing;
  static const Fields<T> table{
      "tracing",
      {field("match", &T::match), field("providers", &T::providers),
       field("randomSamplingPercentage", &T::sampling, range(0, 100)),
       field("disableSpanReporting", &T::no_spans), ignored("customTags"),
       field("useRequestIdForTraceSampling", &T::by_request_id), field("enableIstioTags", &T::istio_tags),
       field("disableContextPropagation", &T::no_propagation)}};
  return table;
}

const Table& fields(Tag<Filter>) {
  static const Fields<Filter> table{"filter", {field("expression", &Filter::expression, "a CEL expression")}};
  return table;
}

const Table& fields(Tag<AccessLogging>) {
  using A = AccessLogging;
  static const Fields<A> table{"accessLogging",
                               {field("match", &A::match), field("providers", &A::providers),
                                field("disabled", &A::disabled), field("filter", &A::filter)}};
  return table;
}

const Table& fields(Tag<Telemetry>) {
  using T = Telemetry;
  static const Fields<T> table{
      "Telemetry.spec",
      {field("selector", &T::selector, OneOf{"selector or targetRefs"}),
       field("targetRefs", &T::target_refs, OneOf{"selector or targetRefs"}), field("metrics", &T::metrics),
       field("tracing", &T::tracing), field("accessLogging", &T::access_logging)}};
  return table;
}

}  // namespace

void read_telemetry(const Resource& resource, mesh::Model&, Diagnostics& found) {
  decoded<Telemetry>(resource, found);
}

}  // namespace marty::dialect::istio
