#include <fmt/format.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

// Over connections that are warm after the first round; all of them to the one v2 pod.
constexpr std::size_t kAtOnce = 40;
constexpr int kRoundsMost = 60;

void run(Story& story) {
  int ok = 0, limited = 0, other = 0;
  for (int round = 0; round < kRoundsMost && limited == 0; ++round) {
    for (const auto& answer : story.burst(kAtOnce, {{"canary", "true"}})) {
      ok += answer.status == 200 ? 1 : 0;
      limited += answer.status == 429 && answer.body.empty() ? 1 : 0;
      other += answer.status != 200 && answer.status != 429 ? 1 : 0;
    }
  }
  story.say(fmt::format("  {} requests to the one v2 pod, {} at a time: {} × 200, {} × 429",
                        ok + limited + other, kAtOnce, ok, limited));
  for (const auto& proxy : story.mesh().proxies()) {
    if (proxy->inbound_port != 8080) continue;
    story.show_decision_of(
        *proxy, [&](const auto& d) { return story.has_step(d, telemetry::StepKind::kRateLimited); });
  }
  story.check(limited > 0, "what is beyond a second's worth gets an empty 429 from the pod's sidecar");
  story.check(ok > 0 && other == 0, "and nothing but 200 and 429");
}

}  // namespace

const Step linkerd_rate_limit{
    "Local rate limit",
    "HTTPLocalRateLimitPolicy counts requests per second, for each pod: a second's worth at\n"
    "once, then evenly. v2 has one pod.",
    run, Of::kLinkerd};

}  // namespace marty::cli::demo::steps
