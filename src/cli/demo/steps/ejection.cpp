#include <fmt/format.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

constexpr int kRequestsMost = 200;

void run(Story& story) {
  const std::string pod = story.pod_of("-v1", 0)->plan().instance.pod;
  int sent = 0;
  while (sent < kRequestsMost && !story.ejected(pod)) {
    story.get();
    ++sent;
  }
  story.show_decision(
      [&](const auto& d) { return story.has_step(d, telemetry::StepKind::kEndpointEjected); });
  if (!story.check(story.ejected(pod), fmt::format("after {} more requests {} is ejected", sent, pod)))
    return;
  int failed = 0, to_ejected = 0;
  for (int i = 0; i < 20; ++i) {
    failed += story.get().status == 200 ? 0 : 1;
    to_ejected +=
        story.has_step(story.client().decisions().newest(), telemetry::StepKind::kRetryScheduled) ? 1 : 0;
  }
  story.check(failed == 0 && to_ejected == 0,
              "20 more requests need no retry: nobody is sent there any more");
  story.fail_pod(*story.pod_of("-v1", 0), 503, 0);
}

}  // namespace

const Step ejection{"Outlier ejection",
                    "Three gateway errors in a row and the pod leaves the caller's load balancing for 30 s.\n"
                    "Never more than half of the pods.",
                    run};

}  // namespace marty::cli::demo::steps
