#include "policy/client_rate_limit.hpp"

namespace marty::policy {

ClientRateLimiter::ClientRateLimiter(const ClientRateLimit& config) : overrides_(config.overrides.size()) {
  for (std::size_t i = 0; i < config.overrides.size(); ++i)
    for (const auto& identity : config.overrides[i].identities) override_of_.emplace(identity, i);
}

/// Beyond the bound all start anew: a flood of identities may pass more, but never takes more memory.
Gcra& ClientRateLimiter::of_client(std::string_view identity) {
  if (const auto known = clients_.find(identity); known != clients_.end()) return known->second;
  if (clients_.size() >= kClientsMax) clients_.clear();
  return clients_.emplace(identity, Gcra{}).first->second;
}

ClientRateLimiter::Verdict ClientRateLimiter::check(const ClientRateLimit& config, Instant now,
                                                    std::string_view identity) {
  const auto ask = [&](Gcra& limiter, const Sourced<std::uint32_t>& rps, Scope scope) -> Verdict {
    if (limiter.try_take(*rps, now)) return {};
    return {scope, *rps, limiter.until_next(*rps, now), rps.origin};
  };
  if (config.total) {
    const auto verdict = ask(total_, *config.total, Scope::kTotal);
    if (verdict.refused_by != Scope::kPassed) return verdict;
  }
  if (const auto mine = override_of_.find(identity); mine != override_of_.end())
    return ask(overrides_[mine->second], config.overrides[mine->second].rps, Scope::kOverride);
  return config.identity ? ask(of_client(identity), *config.identity, Scope::kIdentity) : Verdict{};
}

}  // namespace marty::policy
