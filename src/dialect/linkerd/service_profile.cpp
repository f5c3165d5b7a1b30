#include "dialect/linkerd/service_profile.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dialect/names.hpp"
#include "policy/string_match.hpp"

namespace marty::dialect::linkerd {

using namespace manifest;
using P = ServiceProfile;

namespace {

template <class Not>
Codec one_or_nothing() {
  using Match = typename decltype(Not::match)::value_type;
  Codec c{};
  c.shape = Codec::Shape::kOptional;
  c.inner = &codec<Match>;
  c.place = [](void* p, const Node*) -> void* { return &static_cast<Not*>(p)->match.emplace_back(); };
  c.size = [](const void* p) { return static_cast<const Not*>(p)->match.size(); };
  c.get = [](const void* p, std::size_t i) -> const void* { return &static_cast<const Not*>(p)->match[i]; };
  return c;
}

void check_match(const RequestMatch& match, const Node& node, Reader& reader) {
  if (node.size() == 0)
    reader.error("missing-field", node.range(), "a condition needs method, pathRegex, all, any or not");
  if (!match.path_regex) return;
  std::string why;
  if (policy::Regex::compile(**match.path_regex, why)) return;
  reader.error(
      "invalid-value", range_of(*match.path_regex),
      fmt::format("this is no regular expression ({}); Linkerd would leave out the whole route", why));
}

void check_response_match(const ResponseMatch&, const Node& node, Reader& reader) {
  if (node.size() == 0)
    reader.error("missing-field", node.range(), "a condition needs status, all, any or not");
}

void check_status(const ResponseMatch::Status& status, const Node& node, Reader& reader) {
  if (!status.min.written() || !status.max.written()) {
    reader.error("missing-field", node.range(),
                 "write both 'min' and 'max': with only one of them Linkerd's proxy leaves the class out");
  } else if (*status.min > *status.max) {
    reader.error("out-of-range", node.range(),
                 fmt::format("no status is between {} and {}", *status.min, *status.max));
  }
}

/// At the top of a condition the CRD wants a list and the webhook an object, so nothing passes.
void check_route(const P::Route& route, const Node& node, Reader& reader) {
  if (!route.condition.none.match.empty())
    reader.error("invalid-value", node.find("condition")->find("not")->range(),
                 "'not' cannot stand at the top of a condition: write all: [{not: …}]");
}

void check_profile(const P& profile, const Node& node, Reader& reader) {
  if (profile.retry_budget &&
      profile.routes.end() == std::find_if(profile.routes.begin(), profile.routes.end(),
                                           [](const P::Route& route) { return *route.is_retryable; }))
    reader.warning("unused-budget", node.find("retryBudget")->range(),
                   "no route says isRetryable: true, so there is nothing to budget");
}

void check_override(const P::WeightedDestination& to, const Node& node, Reader& reader) {
  if (!thousandths(*to.weight))
    reader.error("invalid-value", node.find("weight")->range(),
                 "a weight is a quantity such as 90, or \"900m\"");
}

}  // namespace

Codec custom_codec(Tag<RequestMatch::Not>) { return one_or_nothing<RequestMatch::Not>(); }
Codec custom_codec(Tag<ResponseMatch::Not>) { return one_or_nothing<ResponseMatch::Not>(); }

const Table& fields(Tag<RequestMatch>) {
  using M = RequestMatch;
  static const Fields<M> table{"RequestMatch",
                               {field("method", &M::method),
                                field("pathRegex", &M::path_regex, "of the whole path, without the query"),
                                field("all", &M::all), field("any", &M::any), field("not", &M::none)},
                               check_match};
  return table;
}

const Table& fields(Tag<ResponseMatch::Status>) {
  using S = ResponseMatch::Status;
  static const Fields<S> table{
      "status",
      {field("min", &S::min, range(100, 599)), field("max", &S::max, range(100, 599))},
      check_status};
  return table;
}

const Table& fields(Tag<ResponseMatch>) {
  using M = ResponseMatch;
  static const Fields<M> table{
      "ResponseMatch",
      {field("status", &M::status), field("all", &M::all), field("any", &M::any), field("not", &M::none)},
      check_response_match};
  return table;
}

const Table& fields(Tag<P::ResponseClass>) {
  using C = P::ResponseClass;
  static const Fields<C> table{
      "responseClass", {field("condition", &C::condition, kRequired), field("isFailure", &C::is_failure)}};
  return table;
}

const Table& fields(Tag<P::Route>) {
  using R = P::Route;
  static const Fields<R> table{
      "route",
      {field("name", &R::name, kRequired), field("condition", &R::condition, kRequired),
       field("responseClasses", &R::response_classes),
       field("isRetryable", &R::is_retryable, "while the budget lasts"),
       field("timeout", &R::timeout, at_least(0), "covers all tries")},
      check_route};
  return table;
}

const Table& fields(Tag<P::RetryBudget>) {
  using B = P::RetryBudget;
  static const Fields<B> table{
      "retryBudget",
      {field("retryRatio", &B::retry_ratio, kRequired, range(0, 1000)),
       field("minRetriesPerSecond", &B::min_retries_per_second, kRequired, range(0, INT32_MAX)),
       field("ttl", &B::ttl, kRequired,
             Range{1e9, 60e9, 1, "Linkerd's proxy takes 1s to 60s, and else never retries at all"})}};
  return table;
}

const Table& fields(Tag<P::WeightedDestination>) {
  using W = P::WeightedDestination;
  static const Fields<W> table{
      "dstOverride",
      {field("authority", &W::authority, kRequired), field("weight", &W::weight, kRequired)},
      check_override};
  return table;
}

const Table& fields(Tag<P>) {
  static const Fields<P> table{
      "ServiceProfile.spec",
      {field("routes", &P::routes, "the first that matches"),
       field("retryBudget", &P::retry_budget, "one for all routes of the profile"),
       field("dstOverrides", &P::dst_overrides, "weights, as a TrafficSplit writes them"),
       ignored("opaquePorts",
               Remark{"not-supported",
                      "Linkerd's webhook and its CRD disagree about the type, so nothing passes; use "
                      "the annotation config.linkerd.io/opaque-ports"})},
      check_profile};
  return table;
}

Manifest<P> decode_service_profile(const Resource& resource, Diagnostics& found) {
  auto wire = decoded<P>(resource, found);
  if (resource.name->find(".svc.") == resource.name->npos) {
    auto& finding =
        found.warning("profile-name", range_of(resource.name),
                      "a ServiceProfile is found by the Service's full host name, so this one never is");
    finding.object = resource.ref();
    finding.notes.push_back({{},
                             fmt::format("such as {}.{}{}", *resource.name,
                                         resource.ns->empty() ? "default" : *resource.ns, kClusterDomain)});
  }
  return wire;
}

}  // namespace marty::dialect::linkerd
