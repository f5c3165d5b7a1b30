#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/rng.hpp"
#include "engine/engine.hpp"
#include "policy/connection_limits.hpp"
#include "policy/fail_fast.hpp"
#include "policy/failure_accrual.hpp"
#include "policy/load_balancer.hpp"
#include "policy/outlier_detection.hpp"

namespace marty::engine {

struct Loaded;

/// What a client proxy knows about one cluster while a program runs. A reload makes a new one that takes over
/// what still holds; the old one serves the calls it has until they end.
struct ClusterState {
  /// Counts for the cluster's lifetime in the proxy, named as Envoy's cluster stats.
  struct Counters {
    std::uint64_t cx_total = 0, rq_total = 0, rq_retry = 0, rq_retry_success = 0, rq_retry_limit_exceeded = 0,
                  rq_timeout = 0, rq_per_try_timeout = 0, lb_healthy_panic = 0;
  };
  /// Shared with the state of the same cluster after a reload: what is open stays counted.
  struct Shared {
    policy::ConnectionLimits limits;
    Counters counters;
  };

  ClusterState(const Cluster&, Loaded& owner, const ClusterState* previous, Rng&, Instant now);

  /// An endpoint that is in load balancing and preferably not among `avoid`; nothing when none is usable.
  std::optional<std::uint32_t> pick(Rng&, std::span<const std::uint32_t> avoid);
  /// Ejected endpoints leave load balancing; in a panic all are in.
  void refresh_usable();

  // Linkerd: a breaker and a response time for each endpoint.
  std::optional<std::uint32_t> pick_fastest(Instant now, Rng&);
  bool any_ready() const;
  /// The endpoint was sent a request; a breaker on probation lets no second one through.
  void admitted(std::size_t endpoint);
  void forgone(std::size_t endpoint);
  policy::FailureAccrual::Change classify(Instant now, std::size_t endpoint, policy::FailureAccrual::Outcome,
                                          Rng&);
  /// Breakers whose time is over go on probation.
  void tick_breakers(Instant now);

  const Cluster* cluster;
  Loaded* owner;
  std::shared_ptr<Shared> shared;
  std::optional<policy::OutlierDetection> outliers;
  std::vector<policy::EndpointLoad> loads;       ///< by endpoint
  std::vector<std::uint32_t> pools;              ///< by endpoint
  std::uint32_t cursor;                          ///< of round robin
  std::vector<policy::FailureAccrual> breakers;  ///< by endpoint; empty: there are none
  std::vector<policy::PeakEwma> rtts;            ///< by endpoint, when the balancer asks for it
  policy::FailFast fail_fast;
  Instant next_probation = Instant::never();

 private:
  std::optional<std::size_t> draw(Rng&);
  void take_over_linkerd(const ClusterState& previous);
  void gate_moved(std::size_t endpoint);
};

/// Two endpoints a connection cannot tell apart.
bool same_target(const Endpoint&, const Endpoint&);

}  // namespace marty::engine
