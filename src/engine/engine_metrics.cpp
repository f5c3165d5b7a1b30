#include <array>

#include "engine/state.hpp"

namespace marty::engine {

using telemetry::MetricId;

namespace {

using One = std::array<std::string_view, 1>;

struct ClusterMetrics {
  telemetry::Registry& registry;
  std::string_view name;
  void count(MetricId id, std::uint64_t value) const { registry.counter(id, One{name}) = value; }
  void gauge(MetricId id, std::size_t value) const {
    registry.gauge(id, One{name}) = static_cast<std::int64_t>(value);
  }
};

void write_breakers(const ClusterMetrics& to, const ClusterState& state) {
  const auto& limits = state.shared->limits;
  const auto& overflows = limits.overflows();
  to.count(MetricId::kUpstreamCxOverflow, overflows.cx);
  to.count(MetricId::kUpstreamRqPendingOverflow, overflows.rq_pending);
  to.count(MetricId::kUpstreamRqActiveOverflow, overflows.rq_active);
  to.count(MetricId::kUpstreamRqRetryOverflow, overflows.rq_retry);
  const auto open = limits.open(state.cluster->limits);
  to.gauge(MetricId::kBreakerCxOpen, open.cx);
  to.gauge(MetricId::kBreakerRqOpen, open.rq);
  to.gauge(MetricId::kBreakerRqPendingOpen, open.rq_pending);
  to.gauge(MetricId::kBreakerRqRetryOpen, open.rq_retry);
  to.gauge(MetricId::kUpstreamCxActive, limits.active().connections);
  to.gauge(MetricId::kUpstreamRqActive, limits.active().requests);
  to.gauge(MetricId::kUpstreamRqPendingActive, limits.active().pending);
}

void write_counters(const ClusterMetrics& to, const ClusterState::Counters& counters) {
  to.count(MetricId::kUpstreamCxTotal, counters.cx_total);
  to.count(MetricId::kUpstreamRqTotal, counters.rq_total);
  to.count(MetricId::kUpstreamRqRetry, counters.rq_retry);
  to.count(MetricId::kUpstreamRqRetryBackoffExponential, counters.rq_retry);
  to.count(MetricId::kUpstreamRqRetrySuccess, counters.rq_retry_success);
  to.count(MetricId::kUpstreamRqRetryLimitExceeded, counters.rq_retry_limit_exceeded);
  to.count(MetricId::kUpstreamRqTimeout, counters.rq_timeout);
  to.count(MetricId::kUpstreamRqPerTryTimeout, counters.rq_per_try_timeout);
  to.count(MetricId::kLbHealthyPanic, counters.lb_healthy_panic);
}

void write_outliers(const ClusterMetrics& to, const policy::OutlierDetection& outliers) {
  const auto& counters = outliers.counters();
  to.gauge(MetricId::kEjectionsActive, counters.active);
  to.count(MetricId::kEjectionsEnforcedTotal, counters.enforced_total);
  to.count(MetricId::kEjectionsEnforced5xx, counters.enforced_consecutive_5xx);
  to.count(MetricId::kEjectionsEnforcedGateway, counters.enforced_consecutive_gateway_failure);
  to.count(MetricId::kEjectionsEnforcedLocalOrigin, counters.enforced_consecutive_local_origin_failure);
  to.count(MetricId::kEjectionsDetected5xx, counters.detected_consecutive_5xx);
  to.count(MetricId::kEjectionsDetectedGateway, counters.detected_consecutive_gateway_failure);
  to.count(MetricId::kEjectionsDetectedLocalOrigin, counters.detected_consecutive_local_origin_failure);
  to.count(MetricId::kEjectionsOverflow, counters.overflow);
}

/// Filters with one stat_prefix share their statistics, so this adds.
void add_rate_limit(telemetry::Registry& registry, const policy::RateLimit& config,
                    const policy::RateLimiter::Counters& counters) {
  const One prefix{config.stat_prefix};
  registry.counter(MetricId::kRateLimitEnabled, prefix) += counters.enabled;
  registry.counter(MetricId::kRateLimitOk, prefix) += counters.ok;
  registry.counter(MetricId::kRateLimitRateLimited, prefix) += counters.rate_limited;
  registry.counter(MetricId::kRateLimitEnforced, prefix) += counters.enforced;
}

}  // namespace

const telemetry::Registry& Engine::metrics() {
  auto& state = *state_;
  if (state.loaded->program->mesh_kind == mesh::MeshKind::kLinkerd) {
    if (state.loaded->program->direction == Direction::kOutbound)
      for (const auto& cluster : state.loaded->clusters) write_balancer(state.registry, cluster);
    return state.registry;
  }
  for (const auto& cluster : state.loaded->clusters) {
    const ClusterMetrics to{state.registry, cluster.cluster->name};
    write_breakers(to, cluster);
    write_counters(to, cluster.shared->counters);
    if (cluster.outliers) write_outliers(to, *cluster.outliers);
    const auto ejected = cluster.outliers ? cluster.outliers->counters().active : 0;
    to.gauge(MetricId::kMembershipTotal, cluster.loads.size());
    to.gauge(MetricId::kMembershipHealthy, cluster.loads.size() - ejected);
  }
  const auto& program = *state.loaded->program;
  for (const auto& config : program.rate_limits)
    for (const auto id : {MetricId::kRateLimitEnabled, MetricId::kRateLimitOk,
                          MetricId::kRateLimitRateLimited, MetricId::kRateLimitEnforced})
      state.registry.counter(id, One{config.stat_prefix}) = 0;
  for (std::size_t i = 0; i < program.rate_limits.size(); ++i)
    add_rate_limit(state.registry, program.rate_limits[i], state.loaded->limiters[i]->counters());
  for (const auto& [listener, counts] : state.listeners) {
    const One label{listener};
    state.registry.counter(MetricId::kFaultDelays, label) = counts.delays;
    state.registry.counter(MetricId::kFaultAborts, label) = counts.aborts;
    state.registry.gauge(MetricId::kFaultActive, label) = counts.delayed_now;
    if (program.direction == Direction::kOutbound) continue;
    using Two = std::array<std::string_view, 2>;
    state.registry.counter(MetricId::kRbac, Two{listener, "allowed"}) = counts.allowed;
    state.registry.counter(MetricId::kRbac, Two{listener, "denied"}) = counts.denied;
  }
  return state.registry;
}

void Engine::State::forget_gauges(std::string_view cluster) {
  const ClusterMetrics to{registry, cluster};
  for (const auto id :
       {MetricId::kUpstreamCxActive, MetricId::kUpstreamRqActive, MetricId::kUpstreamRqPendingActive,
        MetricId::kBreakerCxOpen, MetricId::kBreakerRqOpen, MetricId::kBreakerRqPendingOpen,
        MetricId::kBreakerRqRetryOpen, MetricId::kEjectionsActive, MetricId::kMembershipTotal,
        MetricId::kMembershipHealthy})
    to.gauge(id, 0);
}

}  // namespace marty::engine
