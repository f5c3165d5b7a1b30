#include <fmt/format.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

constexpr int kRequestsMost = 200;

void run(Story& story) {
  const std::string pod = story.failing;
  // 30 s and up to half of it again as jitter; a probe that failed before would double it.
  const bool over = story.wait([&] { return !story.ejected(pod); }, 70s, "waiting for the penalty of " + pod);
  if (!story.check(over, "the penalty of " + pod + " is over: one request may probe it")) return;
  const auto closed = [&](const telemetry::Decision& d) {
    return story.has_step(d, telemetry::StepKind::kBreakerClosed);
  };
  bool seen = false;
  int sent = 0;
  while (sent < kRequestsMost && !seen) {
    story.get();
    ++sent;
    seen = closed(story.client().decisions().newest());
  }
  story.show_decision(closed);
  story.check(seen, fmt::format("request {} probed it, and its breaker closed", sent));
}

}  // namespace

const Step breaker_closes{"The breaker closes",
                          "After the penalty one request decides: the pod is healthy again.", run,
                          Of::kLinkerd};

}  // namespace marty::cli::demo::steps
