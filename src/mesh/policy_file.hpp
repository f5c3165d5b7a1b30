#pragma once

#include <cstdlib>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/origin.hpp"
#include "core/time.hpp"
#include "mesh/mesh_kind.hpp"
#include "mesh/model.hpp"

/// The mesh-neutral policy file (mesh.yaml): what its author wants, in the field's words and in no mesh's
/// dialect.
namespace marty::mesh {

struct PolicyFile {
  Sourced<std::string> name, ns;
  /// "production" or "test": where the generated tree will be applied. Faults are injected in tests only.
  Sourced<std::string> environment{"production"};

  struct Target {
    Sourced<std::string> istio{"1.30"}, linkerd{"2.19"}, linkerd_api{"httproute"};
    /// Istio's own kinds are served as v1 since 1.22.
    bool istio_has_v1() const {
      const auto dot = istio->find('.');
      return dot == istio->npos || std::atoi(istio->c_str()) > 1 || std::atoi(istio->c_str() + dot + 1) >= 22;
    }
  } target;

  struct ServiceSpec {
    Sourced<std::string> name;
    Sourced<std::uint32_t> port;
    Sourced<std::string> protocol{"http"};
    /// FQDNs or "name.namespace" of all services it calls; unset: not declared, so nothing is closed.
    std::optional<std::vector<Sourced<std::string>>> depends_on;
  } service;

  struct Version {
    Sourced<std::uint32_t> replicas;
    Origin origin;
  };
  struct WorkloadSpec {
    Sourced<std::string> image;
    Sourced<std::uint32_t> metrics_port{0};  ///< 0: none
    Sourced<std::string> liveness, readiness;
    std::vector<std::pair<Sourced<std::string>, Version>> versions;  ///< in file order, at least one
  } workload;

  struct HeaderGate {  ///< exactly one header and its exact value
    Sourced<std::string> name, value;
  };
  struct Canary {
    HeaderGate header;
    Sourced<std::string> version;
    Origin origin;
  };
  /// One audience of an A/B test.
  struct Experiment {
    Sourced<std::string> name;
    std::optional<HeaderGate> header, cookie;  ///< exactly one of them
    Sourced<std::string> match{"exact"};       ///< how the header's value is compared: or "prefix", "regex"
    Sourced<std::string> version;
    Origin origin;
  };
  struct RetryBudget {
    Sourced<double> ratio{0.2};
    Sourced<std::uint32_t> min_per_second{10};
    Sourced<Duration> ttl{10s};
  };
  struct Retries {
    Sourced<std::uint32_t> attempts{2};
    std::optional<Sourced<Duration>> per_try_timeout;
    std::vector<Sourced<std::string>> on;
    std::vector<Sourced<std::string>> methods;  ///< only these are retried; must be idempotent ones
    std::optional<RetryBudget> budget;
    Origin origin;
  };
  using Split =
      std::vector<std::pair<Sourced<std::string>, Sourced<std::uint32_t>>>;  ///< version → weight, 100 in sum
  struct Routing {
    Split split;
    std::optional<Canary> canary;
    std::vector<Experiment> experiments;
    std::optional<Sourced<Duration>> timeout;
    std::optional<Retries> retries;
  } routing;

  struct Connections {
    Sourced<std::uint32_t> max, pending, requests;
    std::optional<Sourced<Duration>> connect_timeout;
    Origin origin;
  };
  std::optional<Connections> connections;

  struct Outliers {
    std::optional<Sourced<std::uint32_t>> consecutive_gateway_errors, consecutive_5xx, max_ejected_percent;
    std::optional<Sourced<Duration>> interval, base_ejection;
    Origin origin;
  };
  std::optional<Outliers> outliers;

  struct RateLimitSpec {
    Sourced<std::string> scope;  ///< "instance": each pod has its own bucket
    Sourced<std::uint32_t> burst, refill;
    Sourced<Duration> every;
    /// For meshes that count single seconds and have no bucket; unset: refill / every, rounded up.
    std::optional<Sourced<std::uint32_t>> per_second;
    Origin origin;
  };
  std::optional<RateLimitSpec> rate_limit;

  struct Caller {
    Sourced<std::string> ns, service_account;
    Sourced<std::string> mesh;  ///< "istio" or "linkerd": there only, such as an ingress; empty: everywhere
    bool is_in(MeshKind kind) const { return mesh->empty() || *mesh == to_string(kind); }
  };
  struct Permission {
    std::vector<Sourced<std::string>> methods, paths;
    Origin origin;
  };
  struct Allow {
    Sourced<std::string> name;
    std::vector<Caller> from;
    std::vector<Permission> to;
    Origin origin;
  };
  struct SecuritySpec {
    Sourced<std::string> mtls{"strict"};
    std::vector<Allow> allow;
  } security;

  struct ChaosRule {
    HeaderGate header;
    struct Delay {
      Sourced<double> percent;
      Sourced<Duration> fixed;
    };
    struct Abort {
      Sourced<double> percent;
      Sourced<std::uint32_t> status;
    };
    std::optional<Delay> delay;
    std::optional<Abort> abort;
    Origin origin;
  };
  std::vector<ChaosRule> chaos;  ///< as written; what is in force says active_chaos()
  std::span<const ChaosRule> active_chaos() const {
    return *environment == "test" ? std::span(chaos) : std::span<const ChaosRule>{};
  }

  /// What to be told of. Shares are texts such as "5%" (mesh/share.hpp); `hold` is how long it must last.
  struct Alerts {
    struct ErrorRate {
      Sourced<std::string> above;
      Sourced<Duration> hold{2min};
    };
    struct Latency {
      Sourced<Duration> above;
      Sourced<Duration> hold{5min};
    };
    struct Success {
      Sourced<std::string> below;
      Sourced<Duration> hold{5min};
    };
    struct BreakerOpen {
      Sourced<Duration> hold{1min};
    };
    std::optional<ErrorRate> error_rate;
    std::optional<Latency> p99;
    std::optional<Success> success;
    std::optional<BreakerOpen> breaker_open;
  };
  struct Slo {
    struct Latency {
      Sourced<Duration> below;     ///< a bound of both meshes' latency histograms
      Sourced<std::string> share;  ///< of the requests that must be as quick
    };
    Sourced<std::string> availability;  ///< share of the calls that must succeed
    std::optional<Latency> latency;
    Sourced<std::string> window{"30d"};  ///< whole days
    Origin origin;
  };
  struct Collector {  ///< a Service that takes spans as OTLP over gRPC
    Sourced<std::string> ns{"observability"}, service{"jaeger-collector"};
    Sourced<std::uint32_t> port{4317};
  };
  struct Observability {
    std::vector<Sourced<std::string>> scraped_from;  ///< namespaces of Prometheus; empty: see scrapers()
    Sourced<double> tracing_sampling{1};             ///< percent
    Collector collector;
    Alerts alerts;
    std::optional<Slo> slo;
  } observability;
};

/// A rule that names callers, none of them of this mesh: there it lets nobody in.
bool names_nobody(const PolicyFile::Allow&, MeshKind);

/// Where a mesh's callers live, those of all rules, each namespace once.
std::vector<std::string> caller_namespaces(const PolicyFile&, MeshKind);

/// The namespaces that metrics are read from: those said, or else where Prometheus usually is.
std::vector<std::string> scrapers(const PolicyFile&);

/// Requests that one header sends to one version, whatever the split says.
struct Audience {
  std::string name;  ///< "canary", or the experiment's
  policy::RouteMatch::Named header;
  Sourced<std::string> version;
  Origin origin;
};
/// The canary's and the experiments'; of several that match the first counts.
std::vector<Audience> audiences(const PolicyFile&);

/// Where everybody else goes: the split, or else the version that no audience has for itself. Empty: to any
/// pod. More than one such version needs a split, which reading the file has made sure of.
PolicyFile::Split everybody_else(const PolicyFile&);

/// Whether security.allow is only counted, not enforced: while mTLS is permissive and rules ask for
/// identities.
bool authorization_is_dry_run(const PolicyFile&);

/// A declared dependency's namespace and FQDN.
struct Dependency {
  std::string ns, fqdn;
  Origin origin;
};
std::vector<Dependency> dependencies(const PolicyFile&);

/// What the policy file asks for as a mesh model in Istio's terms: one route per combination of gates that
/// needs its own action (chaos header × canary header × retriable method), one destination per version.
/// Generated manifests are this model written down, so reading them back must give it again.
Model lower(const PolicyFile&);

}  // namespace marty::mesh
