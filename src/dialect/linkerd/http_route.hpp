#pragma once

#include "dialect/linkerd/parts.hpp"

/// HTTPRoute of gateway.networking.k8s.io and of policy.linkerd.io, linkerd.md 1.8: with a Service as its
/// parent it routes the requests of clients, with a Server it names requests that an AuthorizationPolicy can
/// open.
namespace marty::dialect::linkerd {

struct HttpRoute {
  static constexpr const char* kKind = "HTTPRoute";

  struct ParentRef {
    Maybe<std::string> group,
        kind;  ///< defaults differ between the two groups; decode_http_route fills them in
    Text name;
    Maybe<std::string> ns, section_name;
    Maybe<std::uint32_t> port;  ///< of a Service; without it all ports
    Origin origin;
  };

  enum class PathType { kPrefix, kExact, kRegex };
  struct Path {
    Sourced<PathType> type{
        PathType::kPrefix};  ///< a prefix is of whole segments, and a slash at its end is none
    Text value{"/"};
    Origin origin;
  };
  enum class ValueType { kExact, kRegex };
  struct NamedMatch {  ///< of a header or a query parameter
    Sourced<ValueType> type{ValueType::kExact};
    Text name, value;
    Origin origin;
  };
  enum class Method { kGet, kHead, kPost, kPut, kDelete, kConnect, kOptions, kTrace, kPatch };
  struct Match {  ///< all of it
    std::optional<Path> path;
    std::vector<NamedMatch> headers, query_params;
    Maybe<Method> method;
    Origin origin;
  };

  struct HeaderLine {
    Text name, value;
  };
  struct HeaderModifier {
    std::vector<HeaderLine> set, add;
    TextList remove;
    Origin origin;
  };
  enum class PathRewrite { kFull, kPrefix };
  struct RedirectPath {
    Sourced<PathRewrite> type{PathRewrite::kFull};
    Maybe<std::string> replace_full_path, replace_prefix_match;
  };
  struct Redirect {
    Maybe<std::string> scheme, hostname;
    std::optional<RedirectPath> path;
    Maybe<std::uint32_t> port;
    Sourced<std::uint32_t> status_code{302};
    Origin origin;
  };
  enum class FilterType {
    kRequestHeaders,
    kResponseHeaders,
    kRedirect,
    kMirror,
    kRewrite,
    kExtension,
    kCors
  };
  struct Filter {
    Sourced<FilterType> type{FilterType::kRequestHeaders};
    std::optional<HeaderModifier> request_headers, response_headers;
    std::optional<Redirect> redirect;
    manifest::Node mirror, rewrite, extension, cors;  ///< Linkerd drops routes with these
    Origin origin;
  };

  struct BackendRef {
    Text group{""}, kind{"Service"}, name;
    Maybe<std::string> ns;  ///< without it that of the parent, which need not be the route's
    Maybe<std::uint32_t> port;
    Sourced<std::uint32_t> weight{1};
    std::vector<Filter> filters;
    Origin origin;
  };
  struct Timeouts {
    Maybe<Duration> request, backend_request;
    Origin origin;
  };
  struct Rule {
    Maybe<std::string> name;
    std::vector<Match> matches;  ///< any of them; empty: everything
    std::vector<Filter> filters;
    std::vector<BackendRef> backend_refs;  ///< empty: the parent itself
    std::optional<Timeouts> timeouts;
    Origin origin;
  };

  std::vector<ParentRef> parent_refs;
  TextList hostnames;
  std::optional<std::vector<Rule>> rules;  ///< absent: one that matches everything
};
const manifest::Table& fields(Tag<HttpRoute>);
/// Nothing for a method that no HTTPRoute can name.
std::optional<HttpRoute::Method> method_named(std::string_view);

/// Fills in the parents' group and kind, and checks what differs between the two groups and what Linkerd
/// refuses or passes over without a word.
manifest::Manifest<HttpRoute> decode_http_route(const manifest::Resource&, Diagnostics&);

}  // namespace marty::dialect::linkerd
