#include <algorithm>

#include "engine/state.hpp"

namespace marty::engine {
namespace {

/// What a pooled connection depends on: only equal endpoints of one cluster may share it.
std::string pool_key(const Cluster& cluster, const Endpoint& endpoint) {
  std::string key = cluster.name + '\n' + endpoint.address.text + '\n' + endpoint.server_name;
  key += endpoint.security == Security::kPlaintext ? "\nplain" : "\nmtls";
  for (const auto& identity : endpoint.expected_identities) key += '\n' + identity;
  return key;
}

}  // namespace

Engine::State::State(std::shared_ptr<const Program> program, Rng rng, Instant now)
    : split(rng.split("split")),
      balance(rng.split("balance")),
      fault(rng.split("fault")),
      limit(rng.split("rate-limit")),
      jitter(rng.split("retry-jitter")),
      setup(rng.split("setup")) {
  loaded = std::make_shared<Loaded>(std::move(program), nullptr, listeners, setup, now);
  assign_pools();
}

std::vector<std::uint32_t> Engine::State::assign_pools() {
  TextMap<std::uint32_t> numbers;
  for (auto& state : loaded->clusters) {
    for (std::size_t i = 0; i < state.pools.size(); ++i) {
      auto key = pool_key(*state.cluster, state.cluster->endpoints[i]);
      const auto known = pool_numbers.find(key);
      const auto [entry, fresh] =
          numbers.try_emplace(std::move(key), known == pool_numbers.end() ? next_pool : known->second);
      if (fresh && known == pool_numbers.end()) ++next_pool;
      state.pools[i] = entry->second;
    }
  }
  std::vector<std::uint32_t> unused;
  for (const auto& [key, number] : pool_numbers)
    if (!numbers.contains(key)) unused.push_back(number);
  std::sort(unused.begin(), unused.end());
  pool_numbers = std::move(numbers);
  return unused;
}

Engine::Engine(std::shared_ptr<const Program> program, Rng rng, Instant now)
    : state_(std::make_unique<State>(std::move(program), rng, now)) {}
Engine::~Engine() = default;

const Program& Engine::program() const { return *state_->loaded->program; }

std::vector<std::uint32_t> Engine::adopt(Instant now, std::shared_ptr<const Program> program) {
  auto& state = *state_;
  auto next =
      std::make_shared<Loaded>(std::move(program), state.loaded.get(), state.listeners, state.setup, now);
  for (const auto& old : state.loaded->clusters) {
    const auto& clusters = next->clusters;
    if (std::none_of(clusters.begin(), clusters.end(),
                     [&](const auto& kept) { return kept.cluster->name == old.cluster->name; }))
      state.forget_gauges(old.cluster->name);
  }
  // Connections point into the program they were opened under.
  state.retired.push_back(std::exchange(state.loaded, std::move(next)));
  std::erase_if(state.retired, [](const auto& old) { return old->connections == 0; });
  return state.assign_pools();
}

Instant Engine::next_wakeup() const {
  Instant next = Instant::never();
  for (const auto& cluster : state_->loaded->clusters) {
    if (cluster.outliers) next = std::min(next, cluster.outliers->next_sweep());
    next = std::min(next, cluster.next_probation);
  }
  return next;
}

void Engine::tick(Instant now) {
  auto& back = state_->returned;
  for (auto& cluster : state_->loaded->clusters) {
    cluster.tick_breakers(now);
    if (!cluster.outliers || cluster.outliers->next_sweep() > now) continue;
    back.clear();
    cluster.outliers->sweep(now, back);
    if (!back.empty()) cluster.refresh_usable();
  }
  std::erase_if(state_->retired, [](const auto& old) { return old->connections == 0; });
}

std::vector<Engine::EndpointView> Engine::endpoints() const {
  std::vector<EndpointView> views;
  for (const auto& state : state_->loaded->clusters) {
    for (std::size_t i = 0; i < state.loads.size(); ++i) {
      const auto& endpoint = state.cluster->endpoints[i];
      const bool ejected = state.outliers && state.outliers->ejected(i);
      views.push_back({state.cluster->name, endpoint.owner.pod, endpoint.address.text,
                       state.loads[i].active_requests, ejected,
                       ejected ? state.outliers->earliest_return(i) : Instant{}});
      if (!state.rtts.empty()) views.back().response_time = state.rtts[i].estimate();
      if (state.breakers.empty()) continue;
      const auto& breaker = state.breakers[i];
      views.back().ejected = breaker.gate() == policy::FailureAccrual::Gate::kShut;
      views.back().probing = breaker.gate() == policy::FailureAccrual::Gate::kProbation;
      if (views.back().ejected) views.back().earliest_return = breaker.until();
    }
  }
  return views;
}

}  // namespace marty::engine
