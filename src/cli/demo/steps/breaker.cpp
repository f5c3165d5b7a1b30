#include <fmt/format.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

constexpr int kRequestsMost = 200;

void run(Story& story) {
  const std::string pod = story.failing;
  int sent = 0;
  while (sent < kRequestsMost && !story.ejected(pod)) {
    story.get();
    ++sent;
  }
  story.show_decision([&](const auto& d) { return story.has_step(d, telemetry::StepKind::kBreakerOpened); });
  if (!story.check(story.ejected(pod), fmt::format("after {} more requests {}'s breaker is open", sent, pod)))
    return;
  int failed = 0, retried = 0;
  for (int i = 0; i < 20; ++i) {
    failed += story.get().status == 200 ? 0 : 1;
    retried +=
        story.has_step(story.client().decisions().newest(), telemetry::StepKind::kRetryScheduled) ? 1 : 0;
  }
  story.check(failed == 0 && retried == 0, "20 more requests need no retry: nobody is sent there any more");
  story.fail_pod(*story.pod_named(pod), 503, 0);
}

}  // namespace

const Step breaker{
    "Circuit breaker",
    "Failures in a row open the breaker of a pod, for the balancer of this caller. No percentage keeps\n"
    "the last pods in.",
    run, Of::kLinkerd};

}  // namespace marty::cli::demo::steps
