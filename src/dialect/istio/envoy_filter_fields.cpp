#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dialect/istio/envoy_filter.hpp"
#include "manifest/duration.hpp"

namespace marty::dialect::istio {

using namespace manifest;

namespace {

constexpr std::array<std::string_view, 13> kApplyTo{
    "LISTENER",        "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER",      "ROUTE_CONFIGURATION",
    "VIRTUAL_HOST",    "HTTP_ROUTE",   "CLUSTER",        "EXTENSION_CONFIG", "BOOTSTRAP",
    "LISTENER_FILTER", "INVALID",      "WAYPOINT"};
constexpr std::array<std::string_view, 8> kOperations{
    "MERGE",        "ADD",          "REMOVE",  "INSERT_BEFORE",
    "INSERT_AFTER", "INSERT_FIRST", "REPLACE", "MERGE_AND_REPLACE_LIST"};
constexpr std::array<std::string_view, 5> kContexts{"ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY",
                                                    "WAYPOINT"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& words, std::string_view text) {
  return std::find(words.begin(), words.end(), text) != words.end();
}
bool is_apply_to(std::string_view text) { return contains(kApplyTo, text); }
bool is_operation(std::string_view text) { return contains(kOperations, text); }
bool is_context(std::string_view text) { return contains(kContexts, text); }

/// Protobuf writes durations in seconds only; Envoy refuses to refill more often than every 50 ms.
bool is_fill_interval(std::string_view text) {
  const auto duration = parse_duration(text);
  return duration && *duration >= 50ms && text.find_first_not_of("0123456789.s") == text.npos;
}

void check_bucket(const LocalRateLimit::Bucket& bucket, const Node& node, Reader& reader) {
  if (*bucket.max_tokens == 0)
    reader.error("out-of-range", node.range(), "a token bucket needs max_tokens above 0");
}

void check_limit(const LocalRateLimit& limit, const Node& node, Reader& reader) {
  if (!limit.bucket) return;
  if (!limit.enabled) {
    reader.warning("rate-limit-off", node.range(),
                   "without 'filter_enabled' Envoy looks at 0 % of the requests: nothing is limited");
  } else if (!limit.enforced) {
    reader.warning("rate-limit-off", node.range(),
                   "without 'filter_enforced' Envoy counts but refuses nothing");
  }
}

void check_patch(const EnvoyFilter::ConfigPatch& patch, const Node& node, Reader& reader) {
  if (patch.apply_to->empty()) reader.error("missing-field", node.range(), "a config patch needs 'applyTo'");
  if (!patch.patch) {
    reader.error("missing-field", node.range(), "a config patch needs 'patch'");
  } else if (patch.patch->operation->empty()) {
    reader.error("missing-field", node.range(), "a patch needs 'operation'");
  } else if (patch.patch->value.is_null() && *patch.patch->operation != "REMOVE") {
    reader.error("missing-field", node.range(), "a patch needs 'value' unless it removes something");
  }
}

}  // namespace

const Table& fields(Tag<LabelSelector>) {
  static const Fields<LabelSelector> table{"WorkloadSelector", {field("labels", &LabelSelector::labels)}};
  return table;
}

const Table& fields(Tag<EnvoyFilter::Match>) {
  using M = EnvoyFilter::Match;
  static const Fields<M> table{
      "EnvoyConfigObjectMatch",
      {field("context", &M::context,
             Wants{is_context, "a context (ANY, SIDECAR_INBOUND, SIDECAR_OUTBOUND, GATEWAY, WAYPOINT)"}),
       field("proxy", &M::proxy), field("listener", &M::listener),
       field("routeConfiguration", &M::route_configuration), field("cluster", &M::cluster),
       field("waypoint", &M::waypoint)}};
  return table;
}

const Table& fields(Tag<EnvoyFilter::Patch>) {
  using P = EnvoyFilter::Patch;
  static const Fields<P> table{
      "Patch",
      {field("operation", &P::operation, Wants{is_operation, "an operation such as INSERT_BEFORE or MERGE"}),
       field("value", &P::value), field("filterClass", &P::filter_class)}};
  return table;
}

const Table& fields(Tag<EnvoyFilter::ConfigPatch>) {
  using C = EnvoyFilter::ConfigPatch;
  static const Fields<C> table{
      "EnvoyConfigObjectPatch",
      {field("applyTo", &C::apply_to,
             Wants{is_apply_to, "a kind of Envoy object such as HTTP_FILTER or HTTP_ROUTE"}),
       field("match", &C::match), field("patch", &C::patch)},
      check_patch};
  return table;
}

const Table& fields(Tag<EnvoyFilter>) {
  using E = EnvoyFilter;
  static const Fields<E> table{
      "EnvoyFilter.spec",
      {field("workloadSelector", &E::selector), field("targetRefs", &E::target_refs, kNotEnforced),
       field("priority", &E::priority), field("configPatches", &E::patches)}};
  return table;
}

const Table& fields(Tag<LocalRateLimit::Bucket>) {
  using B = LocalRateLimit::Bucket;
  static const Fields<B> table{
      "token_bucket",
      {field("max_tokens", &B::max_tokens, kRequired, "how many requests may come at once"),
       field("tokens_per_fill", &B::tokens_per_fill, range(1, UINT32_MAX)),
       field("fill_interval", &B::fill_interval, kRequired,
             Wants{is_fill_interval, "seconds of at least 0.05s, written like 60s or 0.5s"})},
      check_bucket};
  return table;
}

std::span<const Spelling> spellings(Tag<LocalRateLimit::Denominator>) {
  using D = LocalRateLimit::Denominator;
  static constexpr Spelling kAll[] = {spell("HUNDRED", D::kHundred), spell("TEN_THOUSAND", D::kTenThousand),
                                      spell("MILLION", D::kMillion)};
  return kAll;
}

const Table& fields(Tag<LocalRateLimit::Fraction>) {
  using F = LocalRateLimit::Fraction;
  static const Fields<F> table{"FractionalPercent",
                               {field("numerator", &F::numerator), field("denominator", &F::denominator)}};
  return table;
}

const Table& fields(Tag<LocalRateLimit::Runtime>) {
  using R = LocalRateLimit::Runtime;
  static const Fields<R> table{
      "RuntimeFractionalPercent",
      {field("runtime_key", &R::runtime_key), field("default_value", &R::default_value)}};
  return table;
}

const Table& fields(Tag<LocalRateLimit::Header>) {
  using H = LocalRateLimit::Header;
  static const Fields<H> table{"HeaderValue", {field("key", &H::key, kRequired), field("value", &H::value)}};
  return table;
}

const Table& fields(Tag<LocalRateLimit::HeaderOption>) {
  using H = LocalRateLimit::HeaderOption;
  static const Fields<H> table{"HeaderValueOption",
                               {field("append_action", &H::append_action),
                                field("append", &H::append, deprecated("write append_action")),
                                field("header", &H::header, kRequired), ignored("keep_empty_value")}};
  return table;
}

const Table& fields(Tag<LocalRateLimit::Status>) {
  static const Fields<LocalRateLimit::Status> table{"HttpStatus",
                                                    {field("code", &LocalRateLimit::Status::code)}};
  return table;
}

const Table& fields(Tag<LocalRateLimit>) {
  using L = LocalRateLimit;
  static const Fields<L> table{
      "LocalRateLimit",
      {ignored("@type"), field("stat_prefix", &L::stat_prefix, kRequired), field("token_bucket", &L::bucket),
       field("filter_enabled", &L::enabled, "share of requests looked at; 0 % when left out"),
       field("filter_enforced", &L::enforced, "share of requests refused; 0 % when left out"),
       field("response_headers_to_add", &L::response_headers), field("status", &L::status),
       ignored("request_headers_to_add_when_not_enforced", kNotEnforced),
       ignored("descriptors", kNotEnforced), ignored("stage", kNotEnforced),
       ignored("local_rate_limit_per_downstream_connection", kNotEnforced),
       ignored("local_cluster_rate_limit", kNotEnforced), ignored("enable_x_ratelimit_headers", kNotEnforced),
       ignored("vh_rate_limits", kNotEnforced), ignored("always_consume_default_token_bucket"),
       ignored("rate_limited_as_resource_exhausted", kNotEnforced), ignored("rate_limits", kNotEnforced),
       ignored("max_dynamic_descriptors", kNotEnforced)},
      check_limit};
  return table;
}

}  // namespace marty::dialect::istio
