#include <fmt/format.h>

#include <algorithm>

#include "dialect/istio/virtual_service.hpp"
#include "dialect/names.hpp"
#include "policy/retry.hpp"

namespace marty::dialect::istio {

using namespace manifest;

namespace {

/// The words of a retryOn list, each checked; Istio's validator does not trim spaces.
void check_retry(const HttpRetry& retry, const Node& node, Reader& reader) {
  if (*retry.attempts == 0 && (retry.per_try_timeout || retry.retry_on)) {
    reader.error("conflicting-fields", node.range(),
                 "attempts: 0 switches retries off, so no other field may be set");
  }
  if (!retry.retry_on) return;
  const Node* place = node.find("retryOn");
  for (std::string_view rest = **retry.retry_on; !rest.empty();) {
    const auto word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    const bool code = word.size() == 3 && word.find_first_not_of("0123456789") == word.npos;
    if (code || policy::Retry::word(word)) continue;
    Diagnostic& finding =
        reader.error("unknown-value", place->range(), fmt::format("retryOn has no condition '{}'", word));
    if (const auto near = closest(word, policy::Retry::words())) {
      finding.notes.push_back({{}, fmt::format("did you mean '{}'? (no spaces between the words)", *near)});
    }
  }
}

void check_delay(const HttpFault::Delay& delay, const Node& node, Reader& reader) {
  if (!delay.fixed) reader.error("missing-field", node.range(), "a delay needs 'fixedDelay'");
  if (!delay.percentage && !delay.percent) {
    reader.warning("fault-without-percentage", node.range(),
                   "without 'percentage' nothing is delayed (the default is 0 %)");
  }
}

void check_abort(const HttpFault::Abort& abort, const Node& node, Reader& reader) {
  if (!abort.http_status && !abort.grpc_status) {
    reader.warning("fault-without-status", node.range(), "without 'httpStatus' nothing is aborted");
  }
  if (!abort.percentage) {
    reader.warning("fault-without-percentage", node.range(),
                   "without 'percentage' nothing is aborted (the default is 0 %)");
  }
}

void check_route(const HttpRoute& route, const Node& node, Reader& reader) {
  const int actions = !route.route.empty() + route.redirect.has_value() + route.direct_response.has_value() +
                      route.delegate.has_value();
  if (actions != 1) {
    reader.error(
        "route-action", node.range(),
        fmt::format("a route needs exactly one of route, redirect, directResponse, delegate; this has {}",
                    actions));
  }
  if (route.route.size() < 2) return;
  std::uint64_t sum = 0;
  for (const auto& to : route.route) sum += *to.weight;
  if (sum == 0) reader.error("weights-zero", node.range(), "the weights of this route add up to 0");
}

void check_service(const VirtualService& service, const Node& node, Reader& reader) {
  if (service.http.empty() && service.tls.empty() && service.tcp.empty()) {
    reader.error("missing-field", node.range(),
                 "a VirtualService needs at least one route in http, tls or tcp");
  }
  const bool mesh_bound =
      service.gateways.empty() || std::any_of(service.gateways.begin(), service.gateways.end(),
                                              [](const Text& g) { return *g == "mesh"; });
  for (const auto& host : service.hosts) {
    if (*host == "*" && mesh_bound) {
      reader.error("invalid-value", {host.origin, 3},
                   "the host '*' is not allowed for sidecars (gateway 'mesh')");
    }
  }
}

}  // namespace

const Table& fields(Tag<HttpMatch>) {
  using M = HttpMatch;
  static const Fields<M> table{
      "HTTPMatchRequest",
      {field("name", &M::name), field("uri", &M::uri, "path without query; prefix is a plain text prefix"),
       field("scheme", &M::scheme), field("method", &M::method), field("authority", &M::authority),
       field("headers", &M::headers, "names in lower case; {} means present"),
       field("withoutHeaders", &M::without_headers), field("queryParams", &M::query_params),
       field("port", &M::port, kPort, kNotEnforced), field("sourceLabels", &M::source_labels, kNotEnforced),
       field("sourceNamespace", &M::source_namespace, kNotEnforced), field("gateways", &M::gateways),
       field("ignoreUriCase", &M::ignore_uri_case), field("statPrefix", &M::stat_prefix)}};
  return table;
}

const Table& fields(Tag<HeaderOperations>) {
  using H = HeaderOperations;
  static const Fields<H> table{"HeaderOperations",
                               {field("set", &H::set), field("add", &H::add), field("remove", &H::remove)}};
  return table;
}

const Table& fields(Tag<Headers>) {
  static const Fields<Headers> table{
      "Headers", {field("request", &Headers::request), field("response", &Headers::response)}};
  return table;
}

const Table& fields(Tag<Destination>) {
  using D = Destination;
  static const Fields<D> table{"Destination",
                               {field("host", &D::host, kRequired, kHost),
                                field("subset", &D::subset, kDnsLabel), field("port", &D::port)}};
  return table;
}

const Table& fields(Tag<HttpRouteDestination>) {
  using R = HttpRouteDestination;
  static const Fields<R> table{"HTTPRouteDestination",
                               {field("destination", &R::destination, kRequired),
                                field("weight", &R::weight, "relative; need not add up to 100"),
                                field("headers", &R::headers, kNotEnforced)}};
  return table;
}

const Table& fields(Tag<HttpRedirect>) {
  using R = HttpRedirect;
  static const Fields<R> table{
      "HTTPRedirect",
      {field("uri", &R::uri), field("authority", &R::authority), field("scheme", &R::scheme),
       field("redirectCode", &R::code, range(300, 399)), ignored("prefixRewrite", kNotEnforced),
       ignored("port", kNotEnforced), ignored("derivePort", kNotEnforced)}};
  return table;
}

const Table& fields(Tag<HttpDirectResponse::Body>) {
  using B = HttpDirectResponse::Body;
  static const Fields<B> table{
      "HTTPBody", {field("string", &B::string, OneOf{"body"}), field("bytes", &B::bytes, OneOf{"body"})}};
  return table;
}

const Table& fields(Tag<HttpDirectResponse>) {
  using R = HttpDirectResponse;
  static const Fields<R> table{
      "HTTPDirectResponse",
      {field("status", &R::status, kRequired, range(200, 600)), field("body", &R::body)}};
  return table;
}

const Table& fields(Tag<HttpRetry>) {
  using R = HttpRetry;
  static const Fields<R> table{
      "HTTPRetry",
      {field("attempts", &R::attempts, at_least(0), "retries after the first try"),
       field("perTryTimeout", &R::per_try_timeout, kIstioDuration),
       field("retryOn", &R::retry_on, "words and status codes, commas between them"),
       field("backoff", &R::backoff, kIstioDuration),
       field("retryIgnorePreviousHosts", &R::ignore_previous_hosts), ignored("retryRemoteLocalities")},
      check_retry};
  return table;
}

const Table& fields(Tag<HttpFault::Delay>) {
  using D = HttpFault::Delay;
  static const Fields<D> table{
      "Delay",
      {field("fixedDelay", &D::fixed, kIstioDuration), field("percentage", &D::percentage),
       field("percent", &D::percent, range(0, 100), deprecated("write percentage: {value: …}")),
       ignored("exponentialDelay", Remark{"not-supported", "Istio rejects exponential delays"})},
      check_delay};
  return table;
}

const Table& fields(Tag<HttpFault::Abort>) {
  using A = HttpFault::Abort;
  static const Fields<A> table{"Abort",
                               {field("httpStatus", &A::http_status, OneOf{"status"}, range(200, 600)),
                                field("grpcStatus", &A::grpc_status, OneOf{"status"}, kNotEnforced),
                                ignored("http2Error", Remark{"not-supported", "Istio rejects http2Error"}),
                                field("percentage", &A::percentage)},
                               check_abort};
  return table;
}

const Table& fields(Tag<HttpFault>) {
  static const Fields<HttpFault> table{
      "HTTPFaultInjection", {field("delay", &HttpFault::delay), field("abort", &HttpFault::abort)}};
  return table;
}

const Table& fields(Tag<CorsPolicy>) {
  static const Fields<CorsPolicy> table{
      "CorsPolicy",
      {ignored("allowOrigin"), ignored("allowOrigins"), ignored("allowMethods"), ignored("allowHeaders"),
       ignored("exposeHeaders"), ignored("maxAge"), ignored("allowCredentials"),
       ignored("unmatchedPreflights")}};
  return table;
}

const Table& fields(Tag<Rewrite>) {
  static const Fields<Rewrite> table{"HTTPRewrite",
                                     {ignored("uri"), ignored("authority"), ignored("uriRegexRewrite")}};
  return table;
}

const Table& fields(Tag<Mirror>) {
  static const Fields<Mirror> table{
      "Mirror",
      {ignored("host"), ignored("subset"), ignored("port"), ignored("destination"), ignored("percentage")}};
  return table;
}

const Table& fields(Tag<Delegate>) {
  static const Fields<Delegate> table{"Delegate", {ignored("name"), ignored("namespace")}};
  return table;
}

const Table& fields(Tag<TlsRoute>) {
  static const Fields<TlsRoute> table{"TLSRoute", {ignored("match"), ignored("route")}};
  return table;
}

const Table& fields(Tag<TcpRoute>) {
  static const Fields<TcpRoute> table{"TCPRoute", {ignored("match"), ignored("route")}};
  return table;
}

const Table& fields(Tag<HttpRoute>) {
  using R = HttpRoute;
  static const Fields<R> table{
      "HTTPRoute",
      {field("name", &R::name), field("match", &R::match, "any of these; without it everything"),
       field("route", &R::route), field("redirect", &R::redirect),
       field("directResponse", &R::direct_response), field("delegate", &R::delegate, kNotEnforced),
       field("rewrite", &R::rewrite, kNotEnforced),
       field("timeout", &R::timeout, kIstioDuration, "covers all tries; without it none"),
       field("retries", &R::retries), field("fault", &R::fault), field("mirror", &R::mirror, kNotEnforced),
       field("mirrors", &R::mirrors, kNotEnforced), ignored("mirrorPercentage", kNotEnforced),
       ignored("mirrorPercent", deprecated("write mirrorPercentage")),
       ignored("mirror_percent", deprecated("write mirrorPercentage")),
       field("corsPolicy", &R::cors, kNotEnforced), field("headers", &R::headers)},
      check_route};
  return table;
}

const Table& fields(Tag<VirtualService>) {
  using V = VirtualService;
  static const Fields<V> table{"VirtualService.spec",
                               {field("hosts", &V::hosts, kHost),
                                field("gateways", &V::gateways, "'mesh' means all sidecars, the default"),
                                field("http", &V::http), field("tls", &V::tls, kNotEnforced),
                                field("tcp", &V::tcp, kNotEnforced), field("exportTo", &V::export_to)},
                               check_service};
  return table;
}

}  // namespace marty::dialect::istio
