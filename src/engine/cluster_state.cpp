#include "engine/cluster_state.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace marty::engine {
namespace {

constexpr int kReselections = 5;  // host_selection_retry_max_attempts as Istio sets it

/// By endpoint, which one it was before; SIZE_MAX for new ones.
std::vector<std::size_t> places_before(const Cluster& cluster, const Cluster& previous) {
  std::unordered_map<std::string_view, std::size_t> known;
  for (std::size_t i = 0; i < previous.endpoints.size(); ++i)
    known.emplace(previous.endpoints[i].address.text, i);
  std::vector<std::size_t> before;
  for (const auto& endpoint : cluster.endpoints) {
    const auto found = known.find(endpoint.address.text);
    before.push_back(found == known.end() ? SIZE_MAX : found->second);
  }
  return before;
}

std::optional<policy::OutlierDetection> detection(const Cluster& cluster, const ClusterState* previous,
                                                  Instant now) {
  if (!cluster.outliers) return std::nullopt;
  policy::OutlierDetection made(*cluster.outliers, cluster.endpoints.size(), now);
  if (!previous || !previous->outliers || previous->cluster->outliers != cluster.outliers) return made;
  made.take_over(*previous->outliers, places_before(cluster, *previous->cluster));
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
  if (of.accrual) breakers.resize(of.endpoints.size());
  if (of.balancer == policy::LoadBalancer::kPeakEwma) rtts.assign(of.endpoints.size(), policy::PeakEwma(now));
  if (previous) take_over_linkerd(*previous);
  refresh_usable();
}

/// An endpoint that is known goes on with its response time, and with its breaker if that is configured as
/// before.
void ClusterState::take_over_linkerd(const ClusterState& previous) {
  if (rtts.empty()) return;
  const auto before = places_before(*cluster, *previous.cluster);
  const bool same_breakers = !breakers.empty() && previous.cluster->accrual == cluster->accrual;
  for (std::size_t i = 0; i < rtts.size(); ++i) {
    if (before[i] >= previous.rtts.size()) continue;
    rtts[i] = previous.rtts[before[i]];
    if (!same_breakers) continue;
    breakers[i] = previous.breakers[before[i]];
    breakers[i].forgone();  // a probe under way ends under the old program
    next_probation = std::min(next_probation, breakers[i].until());
  }
}

void ClusterState::refresh_usable() {
  const bool panic = outliers && outliers->panic();
  for (std::size_t i = 0; i < loads.size(); ++i)
    loads[i].usable =
        (panic || !outliers || !outliers->ejected(i)) && (breakers.empty() || breakers[i].admits());
}

std::optional<std::size_t> ClusterState::draw(Rng& rng) {
  switch (cluster->balancer) {
    case policy::LoadBalancer::kRoundRobin:
      return policy::pick_round_robin(loads, cursor);
    case policy::LoadBalancer::kRandom:
      return policy::pick_random(loads, rng);
    case policy::LoadBalancer::kLeastRequest:
    case policy::LoadBalancer::kPeakEwma:  // has a picker of its own
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

std::optional<std::uint32_t> ClusterState::pick_fastest(Instant now, Rng& rng) {
  const auto index = rtts.empty() ? draw(rng) : policy::pick_peak_ewma(loads, rtts, now, rng);
  if (!index) return std::nullopt;
  return static_cast<std::uint32_t>(*index);
}

bool ClusterState::any_ready() const {
  return std::any_of(loads.begin(), loads.end(), [](const auto& load) { return load.usable; });
}

void ClusterState::gate_moved(std::size_t endpoint) {
  loads[endpoint].usable = breakers[endpoint].admits();
  next_probation = std::min(next_probation, breakers[endpoint].until());
}

void ClusterState::admitted(std::size_t endpoint) {
  if (breakers.empty()) return;
  breakers[endpoint].admitted();
  gate_moved(endpoint);
}

void ClusterState::forgone(std::size_t endpoint) {
  if (breakers.empty()) return;
  breakers[endpoint].forgone();
  gate_moved(endpoint);
}

policy::FailureAccrual::Change ClusterState::classify(Instant now, std::size_t endpoint,
                                                      policy::FailureAccrual::Outcome outcome, Rng& rng) {
  if (breakers.empty()) return policy::FailureAccrual::Change::kNone;
  const auto change = breakers[endpoint].record(*cluster->accrual, now, outcome, rng);
  gate_moved(endpoint);
  return change;
}

void ClusterState::tick_breakers(Instant now) {
  if (now < next_probation) return;
  next_probation = Instant::never();
  for (std::size_t i = 0; i < breakers.size(); ++i) {
    breakers[i].tick(now);
    gate_moved(i);
  }
}

}  // namespace marty::engine
