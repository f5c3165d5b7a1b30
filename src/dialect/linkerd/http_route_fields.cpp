#include <fmt/format.h>

#include "dialect/linkerd/http_route.hpp"
#include "dialect/names.hpp"
#include "policy/string_match.hpp"

namespace marty::dialect::linkerd {

using namespace manifest;
using R = HttpRoute;

namespace {

bool is_not_empty(std::string_view text) { return !text.empty(); }
constexpr Wants kName{is_not_empty, "a name"};
constexpr Wants kValue{is_not_empty, "a value: empty texts are refused"};
constexpr Wants kHeader{is_header_name, "a header name"};

bool is_scheme(std::string_view text) { return text == "http" || text == "https"; }
constexpr Wants kScheme{is_scheme, "'http' or 'https'"};
bool is_redirect_path(std::string_view text) { return text.size() <= 1024; }
constexpr Wants kRedirectPath{is_redirect_path, "a path of at most 1024 characters"};

void check_regex(const Text& text, Reader& reader) {
  std::string why;
  if (policy::Regex::compile(*text, why)) return;
  reader.error("invalid-value", range_of(text), fmt::format("this is no regular expression: {}", why));
}

void check_path(const R::Path& path, const Node& node, Reader& reader) {
  const auto& value = path.value;
  if (*path.type == R::PathType::kRegex) return check_regex(value, reader);
  const auto place = value.written() ? range_of(value) : node.range();
  if (!value->starts_with('/')) reader.error("invalid-value", place, "a path begins with '/'");
  for (const char* part : {"//", "/./", "/../", "%2f", "%2F", "#"}) {
    if (value->find(part) != value->npos)
      reader.error("invalid-value", place, fmt::format("a path has no '{}' in it", part));
  }
}

void check_named(const R::NamedMatch& match, const Node&, Reader& reader) {
  if (*match.type == R::ValueType::kRegex) check_regex(match.value, reader);
}

void check_filter(const R::Filter& filter, const Node& node, Reader& reader) {
  using T = R::FilterType;
  struct Part {
    T type;
    std::string_view field;
    bool there;
  };
  const Part parts[] = {{T::kRequestHeaders, "requestHeaderModifier", filter.request_headers.has_value()},
                        {T::kResponseHeaders, "responseHeaderModifier", filter.response_headers.has_value()},
                        {T::kRedirect, "requestRedirect", filter.redirect.has_value()},
                        {T::kMirror, "requestMirror", !filter.mirror.is_null()},
                        {T::kRewrite, "urlRewrite", !filter.rewrite.is_null()},
                        {T::kExtension, "extensionRef", !filter.extension.is_null()},
                        {T::kCors, "cors", !filter.cors.is_null()}};
  for (const Part& part : parts) {
    const bool wanted = part.type == *filter.type;
    if (wanted == part.there) continue;
    reader.error(wanted ? "missing-field" : "conflicting-fields", node.range(),
                 wanted ? fmt::format("a filter of this type needs '{}'", part.field)
                        : fmt::format("'{}' belongs to a filter of another type", part.field));
  }
}

void check_backend(const R::BackendRef& to, const Node& node, Reader& reader) {
  const bool service = to.group->empty() && *to.kind == "Service";
  if (service && !to.port)
    reader.error("missing-field", node.range(),
                 "a Service as a backend needs 'port'; Linkerd would answer 500");
}

void check_timeouts(const R::Timeouts& timeouts, const Node&, Reader& reader) {
  if (!timeouts.request || !timeouts.backend_request || **timeouts.request == Duration{0}) return;
  if (**timeouts.backend_request <= **timeouts.request) return;
  reader
      .error("out-of-range", {timeouts.backend_request->origin, 0},
             "a request to a backend cannot take longer than the whole request")
      .notes.push_back({{timeouts.request->origin, 0}, "the whole request"});
}

void check_rule(const R::Rule& rule, const Node& node, Reader& reader) {
  std::uint64_t sum = 0;
  for (const auto& to : rule.backend_refs) sum += *to.weight;
  if (rule.backend_refs.size() > 1 && sum == 0)
    reader.error("weights-zero", node.find("backendRefs")->range(), "the weights of this rule add up to 0");
}

}  // namespace

std::span<const Spelling> spellings(Tag<R::PathType>) {
  using T = R::PathType;
  static constexpr Spelling kAll[] = {spell("PathPrefix", T::kPrefix), spell("Exact", T::kExact),
                                      spell("RegularExpression", T::kRegex)};
  return kAll;
}
std::span<const Spelling> spellings(Tag<R::ValueType>) {
  using T = R::ValueType;
  static constexpr Spelling kAll[] = {spell("Exact", T::kExact), spell("RegularExpression", T::kRegex)};
  return kAll;
}
std::span<const Spelling> spellings(Tag<R::Method>) {
  using M = R::Method;
  static constexpr Spelling kAll[] = {
      spell("GET", M::kGet),         spell("HEAD", M::kHead),     spell("POST", M::kPost),
      spell("PUT", M::kPut),         spell("DELETE", M::kDelete), spell("CONNECT", M::kConnect),
      spell("OPTIONS", M::kOptions), spell("TRACE", M::kTrace),   spell("PATCH", M::kPatch)};
  return kAll;
}
std::optional<R::Method> method_named(std::string_view name) {
  for (const auto& spelling : spellings(Tag<R::Method>{}))
    if (spelling.text == name) return static_cast<R::Method>(spelling.value);
  return {};
}
std::span<const Spelling> spellings(Tag<R::PathRewrite>) {
  static constexpr Spelling kAll[] = {spell("ReplaceFullPath", R::PathRewrite::kFull),
                                      spell("ReplacePrefixMatch", R::PathRewrite::kPrefix)};
  return kAll;
}
std::span<const Spelling> spellings(Tag<R::FilterType>) {
  using T = R::FilterType;
  static constexpr Spelling kAll[] = {spell("RequestHeaderModifier", T::kRequestHeaders),
                                      spell("ResponseHeaderModifier", T::kResponseHeaders),
                                      spell("RequestRedirect", T::kRedirect),
                                      spell("RequestMirror", T::kMirror),
                                      spell("URLRewrite", T::kRewrite),
                                      spell("ExtensionRef", T::kExtension),
                                      spell("CORS", T::kCors)};
  return kAll;
}

const Table& fields(Tag<R::ParentRef>) {
  using P = R::ParentRef;
  static const Fields<P> table{
      "ParentReference",
      {field("group", &P::group), field("kind", &P::kind, kName), field("name", &P::name, kRequired, kName),
       field("namespace", &P::ns, kDnsLabel), field("sectionName", &P::section_name, kName),
       field("port", &P::port, kPort, "of a Service; without it all ports")}};
  return table;
}

const Table& fields(Tag<R::Path>) {
  static const Fields<R::Path> table{
      "HTTPPathMatch",
      {field("type", &R::Path::type), field("value", &R::Path::value, kRedirectPath)},
      check_path};
  return table;
}

const Table& fields(Tag<R::NamedMatch>) {
  using N = R::NamedMatch;
  static const Fields<N> table{"match",
                               {field("type", &N::type), field("name", &N::name, kRequired, kHeader),
                                field("value", &N::value, kRequired, kValue)},
                               check_named};
  return table;
}

const Table& fields(Tag<R::Match>) {
  using M = R::Match;
  static const Fields<M> table{"HTTPRouteMatch",
                               {field("path", &M::path, "longer ones go first; without it any"),
                                field("headers", &M::headers, "all of them; more of them go first"),
                                field("queryParams", &M::query_params), field("method", &M::method)}};
  return table;
}

const Table& fields(Tag<R::HeaderLine>) {
  using H = R::HeaderLine;
  static const Fields<H> table{
      "header", {field("name", &H::name, kRequired, kHeader), field("value", &H::value, kRequired, kValue)}};
  return table;
}

const Table& fields(Tag<R::HeaderModifier>) {
  using H = R::HeaderModifier;
  static const Fields<H> table{"HTTPHeaderFilter",
                               {field("set", &H::set), field("add", &H::add), field("remove", &H::remove)}};
  return table;
}

const Table& fields(Tag<R::RedirectPath>) {
  using P = R::RedirectPath;
  static const Fields<P> table{
      "HTTPPathModifier",
      {field("type", &P::type, kRequired),
       field("replaceFullPath", &P::replace_full_path, OneOf{"path"}, kRedirectPath),
       field("replacePrefixMatch", &P::replace_prefix_match, OneOf{"path"}, kRedirectPath)}};
  return table;
}

const Table& fields(Tag<R::Redirect>) {
  using D = R::Redirect;
  static const Fields<D> table{
      "HTTPRequestRedirectFilter",
      {field("scheme", &D::scheme, kScheme), field("hostname", &D::hostname, kHost), field("path", &D::path),
       field("port", &D::port, kPort), field("statusCode", &D::status_code, range(301, 302))}};
  return table;
}

const Table& fields(Tag<R::Filter>) {
  using F = R::Filter;
  static const Fields<F> table{
      "HTTPRouteFilter",
      {field("type", &F::type, kRequired), field("requestHeaderModifier", &F::request_headers),
       field("responseHeaderModifier", &F::response_headers), field("requestRedirect", &F::redirect),
       field("requestMirror", &F::mirror), field("urlRewrite", &F::rewrite),
       field("extensionRef", &F::extension), field("cors", &F::cors)},
      check_filter};
  return table;
}

const Table& fields(Tag<R::BackendRef>) {
  using B = R::BackendRef;
  static const Fields<B> table{
      "BackendRef",
      {field("group", &B::group), field("kind", &B::kind, kName), field("name", &B::name, kRequired, kName),
       field("namespace", &B::ns, kDnsLabel), field("port", &B::port, kPort),
       field("weight", &B::weight, range(0, 1'000'000), "relative; need not add up to 100"),
       field("filters", &B::filters)},
      check_backend};
  return table;
}

const Table& fields(Tag<R::Timeouts>) {
  using T = R::Timeouts;
  static const Fields<T> table{
      "timeouts",
      {field("request", &T::request, at_least(0), "of all tries, to the response's end"),
       field("backendRequest", &T::backend_request, at_least(0),
             Remark{"not-enforced",
                    "Linkerd reads this and does nothing; the annotation retry.linkerd.io/timeout "
                    "limits a try"})},
      check_timeouts};
  return table;
}

const Table& fields(Tag<R::Rule>) {
  using U = R::Rule;
  static const Fields<U> table{
      "rule",
      {field("name", &U::name), field("matches", &U::matches, "any of these; without it everything"),
       field("filters", &U::filters), field("backendRefs", &U::backend_refs, "without it the parent itself"),
       field("timeouts", &U::timeouts),
       ignored("retry",
               Remark{"not-enforced", "Linkerd does not read this; use the annotations retry.linkerd.io/…"}),
       ignored("sessionPersistence",
               Remark{"not-enforced", "Linkerd does not read this: it has no sticky sessions"})},
      check_rule};
  return table;
}

const Table& fields(Tag<R>) {
  static const Fields<R> table{
      "HTTPRoute.spec",
      {field("parentRefs", &R::parent_refs,
             "Services whose clients it routes, or Servers whose requests it names"),
       ignored("useDefaultGateways"), field("hostnames", &R::hostnames, kHost), field("rules", &R::rules)}};
  return table;
}

}  // namespace marty::dialect::linkerd
