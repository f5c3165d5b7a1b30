#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/origin.hpp"
#include "mesh/mesh_kind.hpp"
#include "mesh/servers.hpp"
#include "policy/authorization.hpp"
#include "policy/connection_limits.hpp"
#include "policy/failure_accrual.hpp"
#include "policy/fault.hpp"
#include "policy/load_balancer.hpp"
#include "policy/mtls_mode.hpp"
#include "policy/outlier_detection.hpp"
#include "policy/rate_limit.hpp"
#include "policy/retry.hpp"
#include "policy/retry_budget.hpp"
#include "policy/route_match.hpp"
#include "policy/status_retry.hpp"

/// What a set of manifests means, whatever mesh they were written for: services, workloads, routes and the
/// policies attached to them, every value with its origin. Built by a dialect, read by the engine. Plain
/// data; equality ignores origins, so "generate, then read back" can be checked as a law.
namespace marty::mesh {

bool selects(const Labels& selector,
             const Labels& labels);  ///< every pair present; an empty selector selects all

struct ServicePort {
  std::string name;
  std::uint16_t port = 0;
  std::uint16_t target_port = 0;  ///< number after resolving a named targetPort
  friend bool operator==(const ServicePort&, const ServicePort&) = default;
};

/// How long a call may take; unset: no bound.
struct Timeouts {
  std::optional<Sourced<Duration>> request;   ///< the whole call, all tries and the response's body
  std::optional<Sourced<Duration>> response;  ///< each try, from the request's end to the response's
  std::optional<Sourced<Duration>> idle;      ///< between two pieces of either body
  bool any() const { return request || response || idle; }
  friend bool operator==(const Timeouts&, const Timeouts&) = default;
};

/// What callers of a service do unless a route says otherwise (a Service's annotations under Linkerd).
struct CallerPolicy {
  std::optional<policy::FailureAccrual::Config> accrual;
  std::optional<policy::StatusRetry::Config> retries;
  Timeouts timeouts;
  friend bool operator==(const CallerPolicy&, const CallerPolicy&) = default;
};

struct Service {
  std::string ns, name;
  Labels selector;
  std::vector<ServicePort> ports;
  Origin origin;
  CallerPolicy callers = {};
  std::string fqdn() const { return name + "." + ns + ".svc.cluster.local"; }
  friend bool operator==(const Service& a, const Service& b) {
    return a.ns == b.ns && a.name == b.name && a.selector == b.selector && a.ports == b.ports &&
           a.callers == b.callers;
  }
};

/// A Deployment (or other controller) seen as "n equal pods".
struct Workload {
  std::string ns, name, service_account = "default";
  Labels labels;  ///< of the pod template
  std::uint32_t replicas = 1;
  std::vector<std::uint16_t> ports;  ///< container ports
  std::string readiness_path;        ///< empty: none declared
  std::uint16_t readiness_port = 0;
  Origin origin;
  std::map<std::string, std::vector<std::uint16_t>> named_ports = {};  ///< container ports by name
  std::vector<std::pair<std::uint16_t, std::string>> probes = {};  ///< port and path of every httpGet probe
  std::optional<Sourced<DefaultInbound>> inbound_default = {};
  std::optional<bool> injected = {};  ///< said by the pod template itself
  std::string label(const std::string& key) const;
  friend bool operator==(const Workload& a, const Workload& b) {
    return a.ns == b.ns && a.name == b.name && a.service_account == b.service_account &&
           a.labels == b.labels && a.replicas == b.replicas && a.ports == b.ports &&
           a.readiness_path == b.readiness_path && a.readiness_port == b.readiness_port;
  }
};

struct NamespaceInfo {
  std::string name;
  Labels labels;
  Origin origin;
  std::optional<Sourced<DefaultInbound>> inbound_default = {};
  std::optional<bool> injected = {};
  friend bool operator==(const NamespaceInfo& a, const NamespaceInfo& b) {
    return a.name == b.name && a.labels == b.labels && a.inbound_default == b.inbound_default &&
           a.injected == b.injected;
  }
};

/// Where a client's traffic to one host goes and under which limits (DestinationRule, after merging;
/// istio.md 2.9: whole blocks are inherited from the host level, never single fields).
struct TrafficPolicy {
  std::optional<policy::ConnectionLimits::Config> limits;
  std::optional<policy::OutlierDetection::Config> outliers;
  std::optional<Sourced<policy::LoadBalancer>> balancer;
  std::optional<Sourced<policy::MtlsMode>> tls;  ///< kDisable, or kStrict for ISTIO_MUTUAL; unset: automatic
  friend bool operator==(const TrafficPolicy&, const TrafficPolicy&) = default;
};

struct Subset {
  std::string name;
  Labels labels;
  TrafficPolicy policy;
  Origin origin;
  friend bool operator==(const Subset& a, const Subset& b) {
    return a.name == b.name && a.labels == b.labels && a.policy == b.policy;
  }
};

struct DestinationPolicy {
  std::string ns;    ///< of the object
  std::string host;  ///< FQDN
  TrafficPolicy policy;
  std::vector<Subset> subsets;
  Origin origin;
  friend bool operator==(const DestinationPolicy& a, const DestinationPolicy& b) {
    return a.ns == b.ns && a.host == b.host && a.policy == b.policy && a.subsets == b.subsets;
  }
};

struct WeightedDestination {
  Sourced<std::string> host;    ///< FQDN
  Sourced<std::string> subset;  ///< empty: none
  std::uint16_t port = 0;       ///< 0: the port the request came to
  Sourced<std::uint32_t> weight{0};
  Origin origin;
  std::string unusable = {};  ///< why requests drawn to it get 500; then there is no host
  friend bool operator==(const WeightedDestination& a, const WeightedDestination& b) {
    return a.host == b.host && a.subset == b.subset && a.port == b.port && a.weight == b.weight &&
           a.unusable == b.unusable;
  }
};

/// Header changes; `remove` is applied before `set` (overwrite) and `add` (append a line).
struct HeaderEdits {
  std::vector<std::pair<std::string, std::string>> set, add;
  std::vector<std::string> remove;
  bool empty() const { return set.empty() && add.empty() && remove.empty(); }
  friend bool operator==(const HeaderEdits&, const HeaderEdits&) = default;
};

struct DirectResponse {
  Sourced<std::uint16_t> status{200};
  std::string body, location;  ///< location: set for a redirect
  friend bool operator==(const DirectResponse&, const DirectResponse&) = default;
};

/// Which answers of a route are failures and whether those are tried again (a ServiceProfile's route).
struct Classes {
  struct Class {
    std::uint16_t from = 0, to = 0;  ///< statuses, inclusive
    bool failure = false;
    friend bool operator==(const Class&, const Class&) = default;
  };
  Sourced<bool> retryable{false};
  std::vector<Class> classes;  ///< the first that covers a status decides; none: 5xx are failures
  bool failed(int status) const;
  friend bool operator==(const Classes&, const Classes&) = default;
};

struct Route {
  std::string name;
  std::vector<policy::RouteMatch> matches;  ///< any of them; empty: everything
  std::vector<WeightedDestination> destinations;
  std::optional<DirectResponse> direct;
  std::optional<Sourced<Duration>> timeout;      ///< unset: none
  std::optional<policy::Retry::Config> retries;  ///< unset: the mesh's default policy
  std::optional<policy::StatusRetry::Config> status_retries;
  Timeouts timeouts;  ///< beside `timeout`; when any is set, the service's are not asked
  std::optional<Classes> classes;
  std::optional<policy::Fault> fault;
  HeaderEdits request_headers, response_headers;
  Origin origin;
  friend bool operator==(const Route& a, const Route& b) {
    return a.name == b.name && a.matches == b.matches && a.destinations == b.destinations &&
           a.direct == b.direct && a.timeout == b.timeout && a.retries == b.retries &&
           a.status_retries == b.status_retries && a.timeouts == b.timeouts && a.classes == b.classes &&
           a.fault == b.fault && a.request_headers == b.request_headers &&
           a.response_headers == b.response_headers;
  }
};

/// The routes of one or more hosts: a VirtualService bound to the mesh, first match wins; an HTTPRoute of a
/// Service or Server, all routes of which compete and the closest match wins; or a ServiceProfile, first
/// match wins and nothing but it counts.
struct RouteTable {
  enum class Kind : std::uint8_t { kVirtualService, kHttpRoute, kServiceProfile };
  std::string ns, name;
  std::vector<Sourced<std::string>> hosts;  ///< FQDNs
  std::vector<Route> routes;
  Origin origin;
  Kind kind = Kind::kVirtualService;
  std::string group = {};  ///< of an HTTPRoute: two groups serve the kind
  std::uint16_t port = 0;  ///< of the hosts; 0: all
  std::vector<Sourced<std::string>> servers =
      {};  ///< names of Servers in `ns`, for routes on the server's side
  std::vector<WeightedDestination> overrides = {};  ///< of a ServiceProfile: where every request goes instead
  std::optional<policy::RetryBudget::Config> budget = {};
  friend bool operator==(const RouteTable& a, const RouteTable& b) {
    return a.ns == b.ns && a.name == b.name && a.hosts == b.hosts && a.routes == b.routes &&
           a.kind == b.kind && a.group == b.group && a.port == b.port && a.servers == b.servers &&
           a.overrides == b.overrides && a.budget == b.budget;
  }
};

/// An inbound rate limit of selected workloads (EnvoyFilter local_ratelimit).
struct InboundRateLimit {
  std::string ns, name;
  Labels selector;
  std::uint16_t port = 0;  ///< of the workload; 0: all its ports
  policy::RateLimit limit;
  Origin origin;
  friend bool operator==(const InboundRateLimit& a, const InboundRateLimit& b) {
    return a.ns == b.ns && a.name == b.name && a.selector == b.selector && a.port == b.port &&
           a.limit == b.limit;
  }
};

/// The hosts that a workload's outbound sidecar knows (Sidecar); the others do not exist for it.
struct SidecarScope {
  std::string ns, name;
  Labels selector;                           ///< empty: the whole namespace
  std::vector<Sourced<std::string>> egress;  ///< "ns/host", either may be "*", ns "."; empty: all
  Origin origin;
  bool knows(const Service&) const;
  friend bool operator==(const SidecarScope& a, const SidecarScope& b) {
    return a.ns == b.ns && a.name == b.name && a.selector == b.selector && a.egress == b.egress;
  }
};

/// An AuthorizationPolicy with the workloads it covers.
struct AuthorizationScope {
  Labels selector;  ///< empty: the whole namespace
  policy::Authorization::Policy policy;
  bool dry_run = false;  ///< counts what it would refuse and refuses nothing
  friend bool operator==(const AuthorizationScope&, const AuthorizationScope&) = default;
};

struct Model {
  /// Whose rules the manifests follow where the meshes differ: what an unmatched request gets, how an answer
  /// of the proxy's own reads, which pods have a sidecar.
  MeshKind mesh_kind = MeshKind::kIstio;
  std::vector<NamespaceInfo> namespaces;
  std::vector<Sourced<std::string>> service_accounts;  ///< "ns/name"
  std::vector<Service> services;
  std::vector<Workload> workloads;
  std::vector<RouteTable> route_tables;
  std::vector<DestinationPolicy> destinations;
  std::vector<policy::MtlsPolicy> mtls;
  std::vector<AuthorizationScope> authorization;
  std::vector<InboundRateLimit> rate_limits;
  std::vector<SidecarScope> sidecars;
  std::vector<Server>
      servers;  ///< with what follows, in the order that decides between equals: the oldest first
  std::vector<Authentication> authentications;
  std::vector<ServerAuthorization> server_authorizations;
  std::vector<ServerRateLimit> server_rate_limits;
  friend bool operator==(const Model&, const Model&) = default;

  const Service* service(std::string_view fqdn) const;
  /// The scope of a workload: the one that selects it, else its namespace's, else the root namespace's;
  /// nullptr: it knows every host.
  const SidecarScope* sidecar(std::string_view ns, const Labels& labels, std::string_view root_ns) const;
  /// Whether the pods of the workload have a sidecar: Istio's always, here; Linkerd's when injected.
  bool meshed(const Workload&) const;
};

}  // namespace marty::mesh
