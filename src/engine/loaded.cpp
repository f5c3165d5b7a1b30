#include "engine/loaded.hpp"

#include <algorithm>

namespace marty::engine {
namespace {

const ClusterState* find_cluster(const Loaded* in, const std::string& name) {
  if (!in) return nullptr;
  const auto found = std::find_if(in->clusters.begin(), in->clusters.end(),
                                  [&](const ClusterState& state) { return state.cluster->name == name; });
  return found == in->clusters.end() ? nullptr : &*found;
}

/// A bucket that is configured as before keeps its tokens and its counts.
std::shared_ptr<policy::RateLimiter> find_limiter(const Loaded* in, const policy::RateLimit& config) {
  if (!in) return nullptr;
  const auto& limits = in->program->rate_limits;
  const auto found = std::find(limits.begin(), limits.end(), config);
  return found == limits.end() ? nullptr : in->limiters[static_cast<std::size_t>(found - limits.begin())];
}

}  // namespace

Loaded::Loaded(std::shared_ptr<const Program> wanted, const Loaded* previous, Listeners& known, Rng& rng,
               Instant now)
    : program(std::move(wanted)) {
  clusters.reserve(program->clusters.size());
  for (const auto& cluster : program->clusters)
    clusters.emplace_back(cluster, *this, find_cluster(previous, cluster.name), rng, now);
  routes.reserve(program->hosts.size());
  for (const auto& host : program->hosts) {
    routes.emplace_back(host);
    listeners.push_back(&known[listener_name(*program, host)]);
    budgets.emplace_back();
    if (host.budget) budgets.back().emplace(*host.budget, now);
  }
  for (const auto& limit : program->rate_limits) {
    auto kept = find_limiter(previous, limit);
    limiters.push_back(kept ? std::move(kept) : std::make_shared<policy::RateLimiter>(limit, now));
  }
  // Linkerd's limiters start anew whenever the policy of their server is sent again, whatever changed.
  if (program->client_limit) client_limiter.emplace(*program->client_limit);
  for (const auto& policy : program->authorization) {
    auto& by_rule = denials_.emplace_back();
    for (std::size_t rule = 0; rule < policy.rules.size(); ++rule)
      by_rule.push_back(policy::Authorization::Decision{false, &policy, rule, {}}.details());
  }
}

std::string_view Loaded::denial(const policy::Authorization::Decision& decision) const {
  static const std::string kNone = policy::Authorization::Decision{false, nullptr, 0, {}}.details();
  if (!decision.policy) return kNone;
  return denials_[static_cast<std::size_t>(decision.policy - program->authorization.data())][decision.rule];
}

}  // namespace marty::engine
