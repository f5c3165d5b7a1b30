#include <fmt/format.h>
#include <signal.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

constexpr int kRequestsMost = 300;
constexpr std::size_t kInFlight = 4;

void run(Story& story) {
  const auto* serving = story.serving_pod("-v1");
  if (!story.check(serving != nullptr, "a v1 pod answers")) return;
  const local::Pod& pod = *serving;
  const std::string name = pod.plan().instance.pod;
  story.say(fmt::format("  kill -9 {}   ({})", pod.pid(), name));
  pod.signal(SIGKILL);
  std::size_t failed = 0, sent = 0;
  while (sent < kRequestsMost && !story.ejected(name)) {
    for (const auto& answer : story.burst(kInFlight))
      failed += answer.status == 200 || answer.status == 429 ? 0 : 1;
    sent += kInFlight;
  }
  story.show_decision([&](const auto& d) {
    return story.has_step(d, telemetry::StepKind::kEndpointEjected) ||
           story.has_step(d, telemetry::StepKind::kBreakerOpened);
  });
  story.check(story.ejected(name), fmt::format("{} is left out after {} requests under load", name, sent));
  story.check(failed <= kInFlight,
              fmt::format("{} requests failed; at most the {} in flight may", failed, kInFlight));
  const bool again = story.wait([&] { return pod.ready(); }, 20s, "waiting for " + name + " to start again");
  story.check(again && pod.restarts() == 1, name + " was started again and is ready");
}

}  // namespace

const Step killed_pod{
    "A pod is killed",
    "kill -9 in the middle of traffic: retries, and ejection or the breaker, carry the callers\n"
    "over.",
    run, Of::kBoth};

}  // namespace marty::cli::demo::steps
