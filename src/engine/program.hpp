#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/actor.hpp"
#include "core/diagnostic.hpp"
#include "mesh/model.hpp"
#include "policy/weighted_split.hpp"

/// A sidecar's program: the part of a mesh model that one proxy acts on, compiled once, then only read.
/// Shared between the engine that runs it and whoever explains its decisions.
namespace marty::engine {

enum class Direction : std::uint8_t { kOutbound, kInbound };

/// One running pod of a workload, as the place that runs it (the local mesh) knows it.
struct Instance {
  std::string pod;           ///< "petstore-domain-v1-0"
  std::string ns, workload;  ///< the mesh::Workload it is a replica of
  std::string ip;            ///< its own address; ports are the workload's real ones
  bool sidecar = true;       ///< false: reached in plaintext
  std::string
      app_address;  ///< where a server that runs already listens, behind its inbound sidecar or without one
};

/// Who a proxy acts for, as metrics and identities name it.
struct Self {
  std::string pod, ns, workload, service_account, app, version;
  std::string ip;
  mesh::Labels labels;
  std::string identity() const { return "spiffe://cluster.local/ns/" + ns + "/sa/" + service_account; }
};

struct Endpoint {
  Address address;
  Security security = Security::kPlaintext;
  std::string server_name;                       ///< SNI "outbound_.8080_.v1_.host"
  std::vector<std::string> expected_identities;  ///< SPIFFE URIs of the service's accounts
  Self owner;                                    ///< the pod behind it, for metrics and sentences
};

struct Cluster {
  std::string name;     ///< "outbound|8080|v1|petstore-domain-service.petstore-domain.svc.cluster.local"
  std::string service;  ///< FQDN, for metrics
  std::string service_name, service_ns;
  std::string subset;
  std::vector<Endpoint> endpoints;
  policy::ConnectionLimits::Config limits;
  std::optional<policy::OutlierDetection::Config> outliers;
  policy::LoadBalancer balancer = policy::LoadBalancer::kLeastRequest;
  Origin origin;  ///< of the subset or DestinationRule, unknown when there is none
  Origin balancer_origin;
  Origin security_origin;  ///< why TLS is used or not: DestinationRule tls or the PeerAuthentication of the
                           ///< server
  std::optional<policy::FailureAccrual::Config> accrual;
  // Linkerd only: a balancer belongs to the Service that was called and the one that answers.
  std::string parent_name, parent_ns;
  std::uint16_t port = 0, parent_port = 0;
};

struct ProgramRoute {
  std::string name;
  std::vector<policy::RouteMatch> matches;
  policy::WeightedSplit split;
  std::vector<std::uint32_t>
      clusters;  ///< index into Program::clusters, kNoCluster where the subset does not exist
  std::vector<Origin> cluster_origins;  ///< of each destination (its weight, when written)
  std::optional<mesh::DirectResponse> direct;
  Sourced<Duration> timeout{};                   ///< 0: none
  std::optional<policy::Retry::Config> retries;  ///< nothing: attempts 0
  std::optional<policy::Fault> fault;
  mesh::HeaderEdits request_headers, response_headers;
  Origin origin;

  // Linkerd only.
  std::string group, kind, ns;  ///< of the resource behind it; kind "default" when there is none
  std::optional<policy::StatusRetry::Config> status_retries;
  std::optional<mesh::Classes> classes;
  mesh::Timeouts timeouts;
  std::vector<std::string> unusable;  ///< by destination without a cluster: why requests drawn to it get 500
  std::vector<policy::ClientAuthorization> clients;  ///< inbound: who may call; the first that lets in counts
};

/// The routes for one host and port.
struct VirtualHost {
  std::string name;  ///< "<fqdn>:<port>"
  std::vector<ProgramRoute> routes;
  Origin origin;
  std::string service;

  // Linkerd only.
  std::string service_name, service_ns;
  std::uint16_t port = 0;
  std::optional<policy::RetryBudget::Config> budget;  ///< set: a ServiceProfile is in force
};

/// Lets the maps below be asked with a string_view, so that a look-up copies nothing.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <class T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

struct Program {
  static constexpr std::uint32_t kNoCluster = UINT32_MAX;

  mesh::MeshKind mesh_kind = mesh::MeshKind::kIstio;
  Direction direction = Direction::kOutbound;
  Self self;
  std::vector<VirtualHost> hosts;
  std::vector<Cluster> clusters;
  /// "petstore-domain-service.petstore-domain:8080" in lower case → index into hosts (outbound).
  TextMap<std::uint32_t> host_index;
  Origin scope_origin;  ///< of the Sidecar that leaves other hosts out; unknown: all are in

  // Inbound only.
  std::uint16_t port = 0;
  Sourced<policy::MtlsMode> mtls{policy::MtlsMode::kPermissive};
  std::vector<policy::Authorization::Policy> authorization;
  std::vector<policy::RateLimit> rate_limits;
  TextMap<Self> peers;  ///< SPIFFE URI → workload, for metrics
  /// The Server that speaks for the port, or "default" and the name of the policy in its place (Linkerd).
  std::string server_kind, server_name;
  std::optional<policy::ClientRateLimit> client_limit;

  std::shared_ptr<const SourceMap> sources;
  std::uint64_t generation = 0;
};

/// The outbound program of a workload: a virtual host per service and port, clusters for each destination.
std::shared_ptr<const Program> compile_outbound(const mesh::Model&, const Self&, std::span<const Instance>,
                                                std::shared_ptr<const SourceMap>, std::uint64_t generation);
/// The inbound program of one pod's port: mTLS mode, authorization, rate limits, and the application behind
/// it.
std::shared_ptr<const Program> compile_inbound(const mesh::Model&, const Self&, std::uint16_t port,
                                               const Address& application, std::shared_ptr<const SourceMap>,
                                               std::uint64_t generation);

}  // namespace marty::engine
