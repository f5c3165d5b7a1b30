#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "telemetry/access_log.hpp"
#include "telemetry/decision_ring.hpp"
#include "telemetry/registry.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};
}

// Counting the global operator new is the one way to see every allocation of this binary.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace marty::telemetry {
namespace {

TEST(NoAllocation, RecordingOneCall) {
  Registry registry(100);
  DecisionRing ring(8);
  Trace trace;
  std::string log;
  std::vector<std::string_view> values(metric(MetricId::kRequests).labels.size(), "petstore-domain-service");
  const std::string_view unseen[] = {"a cluster beyond the limit"};
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back(std::to_string(i));
  AccessEntry entry;
  entry.method = "GET";
  entry.path = "/pets";
  const auto record = [&] {
    trace.clear();
    for (int i = 0; i < 40; ++i) trace.add(StepKind::kTryStarted, {1, 1, 0}, 1ms);
    Flags flags;
    flags.set(Flag::kRetriesExhausted);
    const FlagsText flags_text(flags);
    values[23] = flags_text;
    ++registry.counter(MetricId::kRequests, values);
    registry.histogram(MetricId::kRequestDuration, values).record(12);
    ++registry.counter(MetricId::kUpstreamRqTotal, unseen);
    ring.record({}, "GET", "/pets", 200, flags, 1, trace);
    log.clear();
    append_access_text(entry, log);
    append_access_json(entry, log);
  };
  record();
  for (const auto& name : names) {
    const std::string_view value[] = {name};
    registry.gauge(MetricId::kUpstreamCxActive, value) = 1;
  }
  for (int i = 0; i < 10; ++i) record();
  const auto before = allocations.load();
  for (int i = 0; i < 100; ++i) record();
  EXPECT_EQ(allocations.load() - before, 0u);
  EXPECT_GT(before, 100u) << "the counter counts";
}

}  // namespace
}  // namespace marty::telemetry
