#include <fmt/format.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

constexpr int kRequestsMost = 300;  // draws of 5 %: none at all happens 2 times in 10 million runs

void run(Story& story) {
  const auto aborted = [](const telemetry::Decision& d) {
    return d.flags.has(telemetry::Flag::kFaultInjected);
  };
  int sent = 0;
  bool seen = false;
  while (sent < kRequestsMost && !seen) {
    const auto answer = story.get({{"x-chaos-error", "true"}});
    ++sent;
    seen = answer.status == 503 && answer.body == "fault filter abort";
  }
  story.show_decision(aborted);
  story.check(seen,
              fmt::format("request {} with x-chaos-error: true was aborted with 503, and not retried", sent));
}

}  // namespace

const Step abort{"Chaos: abort",
                 "x-chaos-error: true fails one request in twenty before it leaves the caller.", run};

}  // namespace marty::cli::demo::steps
