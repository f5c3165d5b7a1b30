#include <fmt/format.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

void run(Story& story) {
  const std::string pod = story.pod_of("-v1", 0)->plan().instance.pod;
  // Ejected for 30 s, and endpoints come back only when the 30 s sweep finds their time over: a minute at
  // most.
  const bool back = story.wait([&] { return !story.ejected(pod); }, 70s,
                               "waiting for the sweep that brings " + pod + " back");
  if (!story.check(back, pod + " is back in load balancing")) return;
  bool chosen = false;
  for (int i = 0; i < 60 && !chosen; ++i) {
    story.get();
    const auto& trace = story.client().decisions().newest().trace;
    const auto* picked = trace.last(telemetry::StepKind::kEndpointPicked);
    const auto& clusters = story.client().program().clusters;
    chosen = picked != nullptr && clusters[picked->a].endpoints[picked->b].owner.pod == pod;
  }
  story.show_decision([&](const telemetry::Decision& d) {
    const auto* picked = d.trace.last(telemetry::StepKind::kEndpointPicked);
    return picked != nullptr &&
           story.client().program().clusters[picked->a].endpoints[picked->b].owner.pod == pod;
  });
  story.check(chosen, "and is sent requests again");
}

}  // namespace

const Step pod_returns{"The ejected pod returns",
                       "Its time is over: the next sweep takes it back, and it works again.", run};

}  // namespace marty::cli::demo::steps
