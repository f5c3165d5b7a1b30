#include "engine/cluster_state.hpp"

#include <algorithm>

namespace marty::engine {
namespace {

constexpr int kReselections = 5;  // host_selection_retry_max_attempts as Istio sets it

std::optional<policy::OutlierDetection> detection(const Cluster& cluster, const ClusterState* previous,
                                                  Instant now) {
  if (!cluster.outliers) return std::nullopt;
  policy::OutlierDetection made(*cluster.outliers, cluster.endpoints.size(), now);
  if (!previous || !previous->outliers || previous->cluster->outliers != cluster.outliers) return made;
  std::vector<std::size_t> before(cluster.endpoints.size(), SIZE_MAX);
  const auto& old = previous->cluster->endpoints;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto found = std::find_if(
        old.begin(), old.end(), [&](const Endpoint& e) { return e.address == cluster.endpoints[i].address; });
    if (found != old.end()) before[i] = static_cast<std::size_t>(found - old.begin());
  }
  made.take_over(*previous->outliers, before);
  return made;
}

}  // namespace

bool same_target(const Endpoint& a, const Endpoint& b) {
  return a.address == b.address && a.security == b.security && a.server_name == b.server_name &&
         a.expected_identities == b.expected_identities;
}

ClusterState::ClusterState(const Cluster& of, Loaded& loaded, const ClusterState* previous, Rng& rng,
                           Instant now)
    : cluster(&of),
      owner(&loaded),
      outliers(detection(of, previous, now)),
      loads(of.endpoints.size()),
      pools(of.endpoints.size()),
      cursor(static_cast<std::uint32_t>(rng.below(UINT32_MAX))) {
  if (previous && previous->cluster->limits == of.limits) {
    shared = previous->shared;
  } else {
    shared = std::make_shared<Shared>();
    if (previous) shared->counters = previous->shared->counters;
  }
  refresh_usable();
}

void ClusterState::refresh_usable() {
  const bool panic = outliers && outliers->panic();
  for (std::size_t i = 0; i < loads.size(); ++i)
    loads[i].usable = panic || !outliers || !outliers->ejected(i);
}

std::optional<std::size_t> ClusterState::draw(Rng& rng) {
  switch (cluster->balancer) {
    case policy::LoadBalancer::kRoundRobin:
      return policy::pick_round_robin(loads, cursor);
    case policy::LoadBalancer::kRandom:
      return policy::pick_random(loads, rng);
    case policy::LoadBalancer::kLeastRequest:
      break;
  }
  return policy::pick_least_request(loads, rng);
}

std::optional<std::uint32_t> ClusterState::pick(Rng& rng, std::span<const std::uint32_t> avoid) {
  if (outliers && outliers->panic()) ++shared->counters.lb_healthy_panic;
  std::optional<std::size_t> index;
  for (int i = 0; i <= kReselections; ++i) {
    index = draw(rng);
    if (!index) return std::nullopt;
    if (std::find(avoid.begin(), avoid.end(), *index) == avoid.end()) break;
  }
  return static_cast<std::uint32_t>(*index);
}

}  // namespace marty::engine
