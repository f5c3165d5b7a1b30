#include <fmt/format.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

constexpr int kRequestsMost = 60;

void run(Story& story) {
  const local::Pod& pod = *story.pod_of("-v1", 0);
  if (!story.check(story.fail_pod(pod, 503, 1000),
                   pod.plan().instance.pod + " is told to answer 503 from now on"))
    return;
  int answered = 0, sent = 0;
  const auto retried = [&](const telemetry::Decision& d) {
    return d.status == 200 && story.has_step(d, telemetry::StepKind::kRetryScheduled);
  };
  bool seen = false;
  while (sent < kRequestsMost && !seen) {
    answered += story.get().status == 200 ? 1 : 0;
    ++sent;
    seen = retried(story.client().decisions().newest());
  }
  story.show_decision(retried);
  story.check(seen, "a request met the failing pod and was sent again, to another one");
  story.check(answered == sent, fmt::format("the caller saw {} answers of 200 and no error", answered));
}

}  // namespace

const Step retry{
    "Retries mask a failing pod",
    "One of three v1 pods answers 503. GET is idempotent, so the caller's sidecar tries another pod.", run};

}  // namespace marty::cli::demo::steps
