#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/cluster_state.hpp"
#include "engine/linkerd_series.hpp"
#include "engine/program.hpp"
#include "engine/route_index.hpp"
#include "engine/series.hpp"
#include "policy/client_rate_limit.hpp"
#include "policy/rate_limit.hpp"
#include "policy/retry_budget.hpp"

namespace marty::engine {

/// Counts of one listener's filters, named as Envoy's http.<prefix> stats.
struct ListenerCounts {
  std::uint64_t delays = 0, aborts = 0, allowed = 0, denied = 0;
  std::int64_t delayed_now = 0;
};

/// A program together with everything the engine keeps while running it. A call holds on to the one it began
/// under (Call::program shares its ownership), so a reload pulls nothing away from it.
struct Loaded : std::enable_shared_from_this<Loaded> {
  using Listeners = std::map<std::string, ListenerCounts, std::less<>>;
  /// `listeners` live as long as the engine.
  Loaded(std::shared_ptr<const Program>, const Loaded* previous, Listeners& listeners, Rng&, Instant now);
  Loaded(const Loaded&) = delete;
  Loaded& operator=(const Loaded&) = delete;

  ClusterState* cluster(std::uint32_t index) {
    return index == Program::kNoCluster ? nullptr : &clusters[index];
  }
  std::string_view denial(const policy::Authorization::Decision&) const;

  std::shared_ptr<const Program> program;
  std::vector<ClusterState> clusters;      ///< as in the program
  std::vector<RouteIndex> routes;          ///< by virtual host
  std::vector<ListenerCounts*> listeners;  ///< by virtual host
  std::vector<std::shared_ptr<policy::RateLimiter>> limiters;
  std::vector<std::optional<policy::RetryBudget>> budgets;  ///< by virtual host, of ServiceProfiles
  std::optional<policy::ClientRateLimiter> client_limiter;
  SeriesCache series;
  LinkerdSeries linkerd_series;
  std::uint32_t connections = 0;  ///< open ones that were opened under this program

 private:
  std::vector<std::vector<std::string>> denials_;  // response_code_details, by policy and rule
};

}  // namespace marty::engine
