#pragma once

#include "dialect/istio/parts.hpp"
#include "manifest/resource.hpp"

/// VirtualService (networking.istio.io), istio.md 1.1 and 2.1: how a client's sidecar routes to a host.
namespace marty::dialect::istio {

struct HttpMatch {
  Maybe<std::string> name, stat_prefix, source_namespace;
  std::optional<StringMatch> uri, scheme, method, authority;
  StringMatches headers, without_headers, query_params;
  Sourced<std::uint32_t> port{0};
  mesh::Labels source_labels;
  TextList gateways;
  Sourced<bool> ignore_uri_case{false};
  Origin origin;
};

struct HeaderOperations {
  std::map<std::string, std::string> set, add;
  TextList remove;
};
struct Headers {
  HeaderOperations request, response;
};

struct Destination {
  Text host;
  Maybe<std::string> subset;
  std::optional<PortSelector> port;
};
struct HttpRouteDestination {
  Destination destination;
  Sourced<std::uint32_t> weight{0};
  std::optional<Headers> headers;
  Origin origin;
};

struct HttpRedirect {
  Maybe<std::string> uri, authority, scheme;
  Sourced<std::uint32_t> code{301};
  Origin origin;
};
struct HttpDirectResponse {
  struct Body {
    Maybe<std::string> string, bytes;
  };
  Sourced<std::uint32_t> status;
  std::optional<Body> body;
  Origin origin;
};

struct HttpRetry {
  Sourced<std::uint32_t> attempts{0};
  Maybe<Duration> per_try_timeout, backoff;
  Maybe<std::string> retry_on;
  Maybe<bool> ignore_previous_hosts;
  Origin origin;
};

struct HttpFault {
  struct Delay {
    Maybe<Duration> fixed;
    std::optional<Percent> percentage;
    Maybe<std::uint32_t> percent;  ///< the old whole-number form
    Origin origin;
  };
  struct Abort {
    Maybe<std::uint32_t> http_status;
    Maybe<std::string> grpc_status;
    std::optional<Percent> percentage;
    Origin origin;
  };
  std::optional<Delay> delay;
  std::optional<Abort> abort;
  Origin origin;
};

/// Known parts without a meaning here: only the names of their fields are checked.
struct CorsPolicy {};
struct Rewrite {};
struct Mirror {};
struct Delegate {};
struct TlsRoute {};
struct TcpRoute {};

struct HttpRoute {
  Maybe<std::string> name;
  std::vector<HttpMatch> match;
  std::vector<HttpRouteDestination> route;
  std::optional<HttpRedirect> redirect;
  std::optional<HttpDirectResponse> direct_response;
  std::optional<Delegate> delegate;
  std::optional<Rewrite> rewrite;
  Maybe<Duration> timeout;
  std::optional<HttpRetry> retries;
  std::optional<HttpFault> fault;
  std::optional<CorsPolicy> cors;
  std::optional<Mirror> mirror;
  std::vector<Mirror> mirrors;
  std::optional<Headers> headers;
  Origin origin;
};

struct VirtualService {
  static constexpr const char* kKind = "VirtualService";
  TextList hosts, gateways, export_to;
  std::vector<HttpRoute> http;
  std::vector<TlsRoute> tls;
  std::vector<TcpRoute> tcp;
};

const manifest::Table& fields(Tag<VirtualService>);

void read_virtual_service(const manifest::Resource&, mesh::Model&, Diagnostics&);
VirtualService from_model(const mesh::RouteTable&);

}  // namespace marty::dialect::istio
