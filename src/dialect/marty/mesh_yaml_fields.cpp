#include "dialect/marty/mesh_yaml_fields.hpp"

#include <algorithm>
#include <charconv>

#include "dialect/names.hpp"
#include "policy/retry.hpp"

namespace marty::mesh {

using namespace manifest;
using dialect::kDnsLabel;
using dialect::kPort;
using P = PolicyFile;

namespace {

template <class... Words>
bool one_of(std::string_view text, Words... words) {
  return ((text == words) || ...);
}
bool is_mtls(std::string_view text) { return one_of(text, "strict", "permissive"); }
bool is_mesh(std::string_view text) { return one_of(text, "istio", "linkerd"); }
bool is_environment(std::string_view text) { return one_of(text, "production", "test"); }
/// "orders.shop" or "orders.shop.svc.cluster.local".
bool is_service(std::string_view text) {
  if (text.ends_with(dialect::kClusterDomain)) text.remove_suffix(dialect::kClusterDomain.size());
  const auto dot = text.find('.');
  return dot != text.npos && dialect::is_dns_label(text.substr(0, dot)) &&
         dialect::is_dns_label(text.substr(dot + 1));
}
bool is_comparison(std::string_view text) { return one_of(text, "exact", "prefix", "regex"); }
/// "1.30": that major, and a minor within the bounds.
bool is_release(std::string_view text, std::string_view major, int oldest, int newest) {
  if (!text.starts_with(major)) return false;
  text.remove_prefix(major.size());
  int minor = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), minor);
  return error == std::errc{} && end == text.data() + text.size() && minor >= oldest && minor <= newest;
}
bool is_istio_version(std::string_view text) { return is_release(text, "1.", 20, 32); }
bool is_linkerd_version(std::string_view text) { return is_release(text, "2.", 16, 20); }
bool is_scope(std::string_view text) { return one_of(text, "instance"); }
bool is_linkerd_api(std::string_view text) { return one_of(text, "httproute", "serviceprofile"); }
bool is_protocol(std::string_view text) { return one_of(text, "http"); }
bool is_path(std::string_view text) {
  return text.starts_with('/') && text.find_first_of(" \"\n#?") == text.npos;
}
bool is_pattern(std::string_view text) { return is_path(text) || text.starts_with('*'); }
bool is_method(std::string_view text) {
  return one_of(text, "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT");
}
bool is_idempotent(std::string_view text) {
  return one_of(text, "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE");
}
bool is_retry_word(std::string_view text) {
  const bool code = text.size() == 3 && text.find_first_not_of("0123456789") == text.npos;
  return code || policy::Retry::word(text).has_value();
}
bool is_image(std::string_view text) {
  return !text.empty() &&
         std::none_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c == '"' || c == '\\'; });
}

constexpr Wants kMesh{is_mesh, "'istio' or 'linkerd'"};
constexpr Wants kMtls{is_mtls, "'strict' or 'permissive'"};
constexpr Wants kEnvironment{is_environment, "'production' (no chaos) or 'test'"};
constexpr Wants kService{is_service, "a service of the cluster such as orders.shop (name.namespace)"};
constexpr Wants kComparison{is_comparison, "'exact', 'prefix' or 'regex'"};
constexpr Wants kScope{
    is_scope, "'instance' (each pod has its own bucket; a limit over all pods needs a rate-limit service)"};
constexpr Wants kIstioVersion{is_istio_version,
                              "a version of Istio that marty knows, such as 1.30 (1.20 to 1.32)"};
constexpr Wants kLinkerdVersion{is_linkerd_version,
                                "a version of Linkerd that marty knows, such as 2.19 (2.16 to 2.20)"};
constexpr Wants kLinkerdApi{is_linkerd_api, "'httproute' or 'serviceprofile'"};
constexpr Wants kProtocol{is_protocol, "'http'"};
constexpr Wants kPath{is_path, "a path such as /health"};
constexpr Wants kPattern{is_pattern, "a path, a prefix such as /api/* or a suffix such as */info"};
constexpr Wants kMethod{is_method, "an HTTP method such as GET"};
constexpr Wants kIdempotent{is_idempotent,
                            "a method that may be sent twice (GET, HEAD, OPTIONS, PUT, DELETE, TRACE)"};
constexpr Wants kRetryWord{is_retry_word,
                           "a retry condition such as gateway-error or connect-failure, or a status code"};
constexpr Wants kImage{is_image, "a container image such as petstore-domain:1.0.0"};
constexpr Range kPercent = range(0, 100);

}  // namespace

/// `header: {canary: "true"}`: one name with its value.
Codec custom_codec(Tag<P::HeaderGate>) {
  using Gate = P::HeaderGate;
  Codec c{};
  c.shape = Codec::Shape::kMap;
  c.inner = &codec<Sourced<std::string>>;
  c.place = [](void* p, const Node* key) -> void* {
    auto& gate = *static_cast<Gate*>(p);
    gate.name = {key->text, key->origin};
    return &gate.value;
  };
  c.size = [](const void* p) -> std::size_t { return static_cast<const Gate*>(p)->name->empty() ? 0 : 1; };
  c.each = [](const void* p, const Codec::See& see) {
    const auto& gate = *static_cast<const Gate*>(p);
    if (!gate.name->empty()) see(*gate.name, gate.name.origin, &gate.value);
  };
  return c;
}

const Table& fields(Tag<P::Target>) {
  using T = P::Target;
  static const Fields<T> table{
      "target",
      {field("istio", &T::istio, kIstioVersion, "version the tree is written for"),
       field("linkerd", &T::linkerd, kLinkerdVersion), field("linkerdApi", &T::linkerd_api, kLinkerdApi)}};
  return table;
}

const Table& fields(Tag<P::ServiceSpec>) {
  using S = P::ServiceSpec;
  static const Fields<S> table{
      "service",
      {field("name", &S::name, kRequired, kDnsLabel), field("port", &S::port, kRequired, kPort),
       field("protocol", &S::protocol, kProtocol),
       field("dependsOn", &S::depends_on, kService, "all services it calls; none: []")}};
  return table;
}

const Table& fields(Tag<P::Version>) {
  static const Fields<P::Version> table{
      "version", {field("replicas", &P::Version::replicas, kRequired, range(0, 10000))}};
  return table;
}

static const Table& probes() {
  using W = P::WorkloadSpec;
  static const Fields<W> table{
      "probes", {field("liveness", &W::liveness, kPath), field("readiness", &W::readiness, kPath)}};
  return table;
}

const Table& fields(Tag<P::WorkloadSpec>) {
  using W = P::WorkloadSpec;
  static const Fields<W> table{
      "workload",
      {field("image", &W::image, kRequired, kImage), field("metricsPort", &W::metrics_port, kPort),
       group<&probes>("probes", "paths on the service's port"),
       field("versions", &W::versions, kRequired, "one Deployment each")}};
  return table;
}

const Table& fields(Tag<P::Canary>) {
  using C = P::Canary;
  static const Fields<C> table{"canary",
                               {field("header", &C::header, kRequired, "requests with it go to the version"),
                                field("version", &C::version, kRequired)}};
  return table;
}

const Table& fields(Tag<P::Experiment>) {
  using E = P::Experiment;
  static const Fields<E> table{
      "experiment",
      {field("name", &E::name, kRequired, kDnsLabel),
       field("header", &E::header, OneOf{"audience"}, "requests with it go to the version"),
       field("cookie", &E::cookie, OneOf{"audience"}, "a cookie and its whole value"),
       field("match", &E::match, kComparison, "of the header's value: exact, prefix or regex"),
       field("version", &E::version, kRequired)}};
  return table;
}

const Table& fields(Tag<P::RetryBudget>) {
  using B = P::RetryBudget;
  static const Fields<B> table{
      "budget",
      {field("ratio", &B::ratio, range(0, 1)), field("minPerSecond", &B::min_per_second),
       field("ttl", &B::ttl, kPositiveDuration)}};
  return table;
}

const Table& fields(Tag<P::Retries>) {
  using R = P::Retries;
  static const Fields<R> table{
      "retries",
      {field("attempts", &R::attempts, range(0, 100), "after the first try"),
       field("perTryTimeout", &R::per_try_timeout, dialect::kMilliseconds), field("on", &R::on, kRetryWord),
       field("methods", &R::methods, kIdempotent, "only these are retried"), field("budget", &R::budget)}};
  return table;
}

const Table& fields(Tag<P::Routing>) {
  using R = P::Routing;
  static const Fields<R> table{
      "routing",
      {field("split", &R::split, kPercent, "version: percent, 100 in sum"), field("canary", &R::canary),
       field("experiments", &R::experiments, "audiences of A/B tests; the first that matches counts"),
       field("timeout", &R::timeout, dialect::kMilliseconds, "covers all tries"),
       field("retries", &R::retries)}};
  return table;
}

const Table& fields(Tag<P::Connections>) {
  using C = P::Connections;
  static const Fields<C> table{"connections",
                               {field("max", &C::max, "connections of one client proxy"),
                                field("pending", &C::pending, "requests that may wait"),
                                field("requests", &C::requests, "requests at a time"),
                                field("connectTimeout", &C::connect_timeout, dialect::kMilliseconds)}};
  return table;
}

const Table& fields(Tag<P::Outliers>) {
  using O = P::Outliers;
  static const Fields<O> table{
      "outliers",
      {field("consecutiveGatewayErrors", &O::consecutive_gateway_errors, "502, 503, 504 in a row"),
       field("consecutive5xx", &O::consecutive_5xx, "server errors in a row"),
       field("interval", &O::interval, dialect::kMilliseconds),
       field("baseEjection", &O::base_ejection, dialect::kMilliseconds),
       field("maxEjectedPercent", &O::max_ejected_percent, kPercent)}};
  return table;
}

const Table& fields(Tag<P::RateLimitSpec>) {
  using R = P::RateLimitSpec;
  static const Fields<R> table{
      "rateLimit",
      {field("scope", &R::scope, kRequired, kScope),
       field("burst", &R::burst, kRequired, range(1, UINT32_MAX)),
       field("refill", &R::refill, kRequired, range(1, UINT32_MAX), "tokens per 'every'"),
       field("every", &R::every, kRequired,
             Range{5e7, 1e300, 1'000'000, "Envoy refills every 50ms at most, in whole milliseconds"}),
       field("perSecond", &R::per_second, range(1, UINT32_MAX),
             "where only seconds are counted, as on Linkerd")}};
  return table;
}

const Table& fields(Tag<P::Caller>) {
  using C = P::Caller;
  static const Fields<C> table{
      "caller",
      {field("namespace", &C::ns, kRequired, kDnsLabel),
       field("serviceAccount", &C::service_account, kRequired, kDnsLabel),
       field("mesh", &C::mesh, kMesh, "a caller of one mesh only, such as its ingress")}};
  return table;
}

const Table& fields(Tag<P::Permission>) {
  using T = P::Permission;
  static const Fields<T> table{"permission",
                               {field("methods", &T::methods, kMethod), field("paths", &T::paths, kPattern)}};
  return table;
}

const Table& fields(Tag<P::Allow>) {
  using A = P::Allow;
  static const Fields<A> table{
      "allow",
      {field("name", &A::name, kRequired, kDnsLabel),
       field("from", &A::from, "nobody in particular when left out"), field("to", &A::to)}};
  return table;
}

const Table& fields(Tag<P::SecuritySpec>) {
  using S = P::SecuritySpec;
  static const Fields<S> table{
      "security",
      {field("mtls", &S::mtls, kMtls), field("allow", &S::allow, "without any, everybody may call")}};
  return table;
}

const Table& fields(Tag<P::ChaosRule::Delay>) {
  using D = P::ChaosRule::Delay;
  static const Fields<D> table{"delay",
                               {field("percent", &D::percent, kRequired, kPercent),
                                field("fixed", &D::fixed, kRequired, dialect::kMilliseconds)}};
  return table;
}

const Table& fields(Tag<P::ChaosRule::Abort>) {
  using A = P::ChaosRule::Abort;
  static const Fields<A> table{"abort",
                               {field("percent", &A::percent, kRequired, kPercent),
                                field("status", &A::status, kRequired, range(200, 599))}};
  return table;
}

const Table& fields(Tag<P::ChaosRule>) {
  using C = P::ChaosRule;
  static const Fields<C> table{"chaos",
                               {field("header", &C::header, kRequired, "only requests with it are disturbed"),
                                field("delay", &C::delay), field("abort", &C::abort)}};
  return table;
}

const Table& fields(Tag<P>) {
  static const Fields<P> table{
      "spec",
      {field("environment", &P::environment, kEnvironment, "chaos is only generated for 'test'"),
       field("target", &P::target), field("service", &P::service, kRequired),
       field("workload", &P::workload, kRequired), field("routing", &P::routing),
       field("connections", &P::connections), field("outliers", &P::outliers),
       field("rateLimit", &P::rate_limit), field("security", &P::security), field("chaos", &P::chaos),
       field("observability", &P::observability)},
      dialect::check_policies};
  return table;
}

}  // namespace marty::mesh

namespace marty::dialect {

using namespace manifest;

namespace {
bool is_our_version(std::string_view text) { return text == "marty.dev/v1"; }
bool is_our_kind(std::string_view text) { return text == "ServiceMesh"; }

void check_metadata(const MeshFile& file, const Node& node, Reader& reader) {
  const Node* metadata = node.find("metadata");
  for (const auto* text : {&file.metadata.name, &file.metadata.ns}) {
    const char* key = text == &file.metadata.name ? "name" : "namespace";
    if (is_dns_label(**text)) continue;
    const Node* value = metadata->find(key);
    reader.error(value ? "invalid-value" : "missing-field", value ? value->range() : metadata->range(),
                 std::string("metadata.") + key + " must be " + std::string(kDnsLabel.description));
  }
}
}  // namespace

const Table& fields(Tag<MeshFile>) {
  using M = MeshFile;
  static const Fields<M> table{
      "mesh.yaml",
      {field("apiVersion", &M::api_version, kRequired, Wants{is_our_version, "marty.dev/v1"}),
       field("kind", &M::kind, kRequired, Wants{is_our_kind, "ServiceMesh"}),
       field("metadata", &M::metadata, kRequired), field("spec", &M::spec, kRequired)},
      check_metadata};
  return table;
}

}  // namespace marty::dialect
