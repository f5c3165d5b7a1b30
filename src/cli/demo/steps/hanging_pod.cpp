#include <fmt/format.h>
#include <signal.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

constexpr int kRequestsMost = 100;

void run(Story& story) {
  const auto* serving = story.serving_pod("-v1");
  if (!story.check(serving != nullptr, "a v1 pod answers")) return;
  const local::Pod& pod = *serving;
  story.say(fmt::format("  kill -STOP {}   ({})", pod.pid(), pod.plan().instance.pod));
  pod.signal(SIGSTOP);
  const auto hung = [&](const telemetry::Decision& d) {
    return story.has_step(d, telemetry::StepKind::kPerTryTimeout);
  };
  int sent = 0;
  bool seen = false;
  http::ClientResponse answer;
  while (sent < kRequestsMost && !seen) {
    answer = story.get();
    ++sent;
    seen = hung(story.client().decisions().newest());
  }
  pod.signal(SIGCONT);
  story.show_decision(hung);
  story.check(seen, fmt::format("request {} met the hanging pod and was not answered in time", sent));
  story.check(answer.status == 200 && answer.elapsed >= 2s,
              "its caller waited for the try's time, and was answered by another pod");
}

}  // namespace

const Step hanging_pod{
    "A pod hangs",
    "A stopped process accepts requests and answers none. The time for a try's response headers ends\n"
    "the wait; the balancer then takes the pod for slow and prefers others.",
    run, Of::kLinkerd};

}  // namespace marty::cli::demo::steps
