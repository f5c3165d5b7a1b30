#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "engine/test_shop.hpp"

namespace {

std::size_t allocations = 0;

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace marty::engine::testing {
namespace {

/// One call as the proxy drives it, in the caller's memory.
void serve(Engine& engine, Instant now, const policy::RequestView& request, Call& call, int first_status) {
  CallEnd end;
  end.request = request;
  end.status = 200;
  auto verdict = engine.begin(now, request, call);
  if (verdict.kind == Verdict::Kind::kProceed) engine.request_complete(now, call);
  for (int status = first_status; verdict.kind == Verdict::Kind::kProceed; status = 200) {
    verdict = engine.choose_endpoint(now, call);
    if (verdict.kind != Verdict::Kind::kProceed) break;
    engine.enqueue(now, call);
    engine.start_try(now, call);
    if (engine.response_head(now, call, status, {}).kind == Verdict::Kind::kProceed) break;
  }
  engine.finish(now, {}, call, end);
}

TEST(NoAllocation, OutboundInboundAndRetriedCallsWhenWarm) {
  auto model = shop();
  model.destinations.front().policy.outliers.emplace();
  auto& to = route(model, "v1");
  to.retries = retries(3, policy::Retry::kGatewayError);
  to.timeout = Sourced<Duration>{10s};
  mesh::InboundRateLimit limit;
  limit.ns = "shop";
  limit.limit.enabled_ppm = limit.limit.enforced_ppm = {1'000'000, {}};
  limit.limit.bucket.max_tokens = {600, {}};
  model.rate_limits.push_back(limit);
  model.authorization.emplace_back().policy.rules.emplace_back();
  model.authorization.back().policy.ns = "shop";

  const Header headers[] = {{"host", "shop.shop:8080"}, {"user-agent", "test"}, {"accept", "*/*"}};
  const policy::RequestView request{.method = "GET",
                                    .path = "/pets",
                                    .authority = "Shop.shop.svc.cluster.local:8080",
                                    .headers = headers,
                                    .peer_identity = "spiffe://cluster.local/ns/desk/sa/till",
                                    .port = 8080};
  Instant now{1};
  Engine out(outbound(model, pods(3)), Rng(1), now), in(inbound(model), Rng(1), now);
  Call call;
  const auto round = [&](int calls) {
    for (int i = 0; i < calls; ++i) {
      serve(out, now, request, call, i % 10 == 0 ? 503 : 200);
      serve(in, now, request, call, 200);
      now = now + 1ms;
    }
  };
  round(700);  // the decision ring fills, each outcome gets its series, the bucket runs dry
  const auto before = allocations;
  round(1000);
  EXPECT_EQ(allocations - before, 0u);
}

TEST(NoAllocation, LinkerdsCallsWhenWarm) {
  auto model = shop();
  model.mesh_kind = mesh::MeshKind::kLinkerd;
  auto& callers = model.services.front().callers;
  callers.accrual.emplace().max_failures = {0, {}};
  callers.retries.emplace().on.value = {{502, 504}};
  callers.retries->limit = {3u, {}};
  callers.timeouts.request = Sourced<Duration>{10s};
  auto& server = model.servers.emplace_back();
  server.ns = server.name = "shop";
  server.port = 8080;
  server.access = mesh::DefaultInbound::kAllAuthenticated;
  auto& limit = model.server_rate_limits.emplace_back();
  limit.server = {"shop", {}};
  limit.limit.ns = "shop";
  limit.limit.identity = {100u, {}};

  const Header headers[] = {{"host", "shop.shop:8080"}, {"user-agent", "test"}, {"accept", "*/*"}};
  const policy::RequestView request{.method = "GET",
                                    .path = "/pets",
                                    .authority = "Shop.shop.svc.cluster.local:8080",
                                    .headers = headers,
                                    .peer_identity = "spiffe://cluster.local/ns/shop/sa/shop",
                                    .peer_ip = "127.9.0.1",
                                    .port = 8080};
  Instant now{1};
  Engine out(outbound(model, pods(3)), Rng(1), now), in(inbound(model), Rng(1), now);
  Call call;
  const auto round = [&](int calls) {
    for (int i = 0; i < calls; ++i) {
      serve(out, now, request, call, i % 10 == 0 ? 503 : 200);
      serve(in, now, request, call, 200);
      now = now + 1ms;
    }
  };
  round(700);
  const auto before = allocations;
  round(1000);
  EXPECT_EQ(allocations - before, 0u);
}

}  // namespace
}  // namespace marty::engine::testing
