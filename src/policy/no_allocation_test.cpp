#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "policy/authorization.hpp"
#include "policy/client_authorization.hpp"
#include "policy/client_rate_limit.hpp"
#include "policy/connection_limits.hpp"
#include "policy/failure_accrual.hpp"
#include "policy/fault.hpp"
#include "policy/load_balancer.hpp"
#include "policy/outlier_detection.hpp"
#include "policy/path_normalize.hpp"
#include "policy/rate_limit.hpp"
#include "policy/retry.hpp"
#include "policy/route_match.hpp"
#include "policy/weighted_split.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};
}

// Counting the global operator new is the one way to see every allocation of this binary, RE2's included.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace marty::policy {
namespace {

StringMatch match(StringMatch::Kind kind, std::string text) {
  std::string why;
  const bool regex = kind == StringMatch::Kind::kRegex;
  return {kind, text, false, {}, regex ? Regex::compile(text, why) : nullptr};
}

/// Runs once to warm up (a regex builds its automaton), then counts.
template <class F>
std::uint64_t count(F&& f) {
  f();
  const auto before = allocations.load();
  for (int i = 0; i < 100; ++i) f();
  return allocations.load() - before;
}

TEST(NoAllocation, TheCounterCounts) {
  const auto before = allocations.load();
  const auto text = std::make_unique<std::string>(100, 'x');
  EXPECT_GE(allocations.load() - before, 2u) << text->size();
}

TEST(NoAllocation, RequestMatching) {
  using Kind = StringMatch::Kind;
  const std::vector<Header> headers{{"accept", "*/*"}, {"canary", "true"}, {"user-agent", "curl"}};
  const RequestView request{
      "GET", "/api/pets/42?v=1", "pets", "http", headers, "spiffe://cluster.local/ns/shop/sa/web", "10.1.2.3",
      8080};
  RouteMatch route;
  route.uri = match(Kind::kRegex, "/api/pets/[0-9]+");
  route.headers.push_back({"canary", match(Kind::kExact, "true")});
  route.without_headers.push_back({"x", match(Kind::kPresent, "")});
  route.query_params.push_back({"v", match(Kind::kExact, "1")});
  EXPECT_EQ(count([&] { ASSERT_TRUE(route.matches(request)); }), 0u);

  Authorization::Policy policy;
  auto& rule = policy.rules.emplace_back();
  rule.from.emplace_back().principals.push_back(match(Kind::kSuffix, "/sa/web"));
  rule.from[0].ip_blocks.push_back(std::string("10.0.0.0/8"));
  rule.to.emplace_back().paths.push_back(match(Kind::kPrefix, "/api/"));
  rule.to[0].ports.push_back(std::string("8080"));
  rule.when.push_back({"request.headers[canary]", {match(Kind::kExact, "true")}, {}, {}});
  rule.when.push_back({"remote.ip", {match(Kind::kExact, "10.1.2.3")}, {}, {}});
  const std::vector<Authorization::Policy> policies{policy};
  EXPECT_EQ(count([&] { ASSERT_TRUE(Authorization::decide(policies, request).allowed); }), 0u);

  std::string storage;
  EXPECT_EQ(count([&] { ASSERT_TRUE(normalize_path(request.path, storage)); }), 0u);
  EXPECT_EQ(count([&] { ASSERT_TRUE(normalize_path("/a/../b/%41", storage)); }), 0u) << "reused storage";
}

TEST(NoAllocation, DrawsPicksAndCounters) {
  Rng rng(1);
  std::uint32_t cursor = 0;
  std::vector<EndpointLoad> loads(64);
  for (std::size_t i = 0; i < 63; ++i) loads[i].usable = false;
  const WeightedSplit split({90, 10});
  Fault fault;
  fault.delay = Fault::Delay{Duration(1s), 500'000u};
  fault.abort = Fault::Abort{std::uint16_t{503}, 500'000u};
  RateLimit limit;
  limit.enabled_ppm = limit.enforced_ppm = 1'000'000u;
  RateLimiter limiter(limit, {});
  OutlierDetection::Config outliers;
  outliers.consecutive_5xx = 1u;
  outliers.interval = Duration(1s);
  OutlierDetection detection(outliers, 64, {});
  ConnectionLimits limits;
  std::vector<std::size_t> back;
  back.reserve(64);
  Instant now{};
  EXPECT_EQ(count([&] {
              now = now + 1s;
              pick_least_request(loads, rng);
              pick_random(loads, rng);
              pick_round_robin(loads, cursor);
              split.pick(rng);
              fault.draw_delay(rng);
              fault.draw_abort(rng);
              limiter.check(limit, now, rng);
              Retry::backoff({}, 1, rng);
              Retry::retriable({}, 503, 14);
              detection.on_response(now, rng.below(64), 503);
              detection.on_failure(now, rng.below(64), TryFailure::kReset);
              back.clear();
              detection.sweep(now, back);
              if (limits.try_start({})) limits.finished();
            }),
            0u);
}

TEST(NoAllocation, LinkerdsPolicies) {
  ClientAuthorization allow;
  allow.auth = ClientAuthorization::Auth::kIdentity;
  allow.identities.push_back({"*.shop.serviceaccount.identity.linkerd.cluster.local", {}});
  allow.networks.push_back(*parse_network("10.0.0.0/8"));
  const std::vector<ClientAuthorization> all{allow};
  ClientRateLimit limits;
  limits.total = {100u, {}};
  limits.identity = {10u, {}};
  ClientRateLimiter limiter(limits);
  FailureAccrual accrual;
  Rng rng(1);
  std::vector<EndpointLoad> loads(8);
  std::vector<PeakEwma> rtts(8, PeakEwma(Instant{}));
  EXPECT_EQ(count([&] {
              const ProxyIdentity who("spiffe://cluster.local/ns/shop/sa/web");
              EXPECT_TRUE(ClientAuthorization::decide(all, {"10.1.2.3", who.view(), ""}));
              limiter.check(limits, {}, who.view());
              accrual.record({}, {}, FailureAccrual::Outcome::kSuccess, rng);
              pick_peak_ewma(loads, rtts, {}, rng);
            }),
            0u);
}

}  // namespace
}  // namespace marty::policy
