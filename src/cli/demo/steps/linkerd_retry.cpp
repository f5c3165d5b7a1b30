#include <fmt/format.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

constexpr int kRequestsMost = 60;

void run(Story& story) {
  const auto* serving = story.serving_pod("-v1");
  if (!story.check(serving != nullptr, "a v1 pod answers")) return;
  const local::Pod& pod = *serving;
  story.failing = pod.plan().instance.pod;
  if (!story.check(story.fail_pod(pod, 503, 1000),
                   pod.plan().instance.pod + " is told to answer 503 from now on"))
    return;
  int failed = 0, sent = 0;
  const auto retried = [&](const telemetry::Decision& d) {
    return d.status == 200 && story.has_step(d, telemetry::StepKind::kRetryScheduled);
  };
  bool seen = false;
  while (sent < kRequestsMost && !seen) {
    failed += story.get().status == 200 ? 0 : 1;
    ++sent;
    seen = retried(story.client().decisions().newest());
  }
  story.show_decision(retried);
  story.check(seen, "a request met the failing pod, was sent again and answered by another one");
  story.check(failed <= 1,
              fmt::format("{} of {} requests failed: Linkerd's retries may meet the same pod again,\n"
                          "    until its breaker opens",
                          failed, sent));
}

}  // namespace

const Step linkerd_retry{
    "Retries mask a failing pod",
    "One of three v1 pods answers 503, which the annotation retry.linkerd.io/http names. Each try draws a\n"
    "backend and a pod anew.",
    run, Of::kLinkerd};

}  // namespace marty::cli::demo::steps
