#include <fmt/format.h>

#include <algorithm>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

constexpr int kRounds = 12;
constexpr std::size_t kPerRound = 10;  // 120 draws of 10 %: none at all happens 3 times in a million runs

void run(Story& story) {
  const Headers chaos{{"x-chaos-enabled", "true"}};
  const auto delayed = [](const telemetry::Decision& d) {
    return d.flags.has(telemetry::Flag::kDelayInjected);
  };
  bool slow = false, all_ok = true;
  for (int round = 0; round < kRounds && !slow; ++round) {
    const auto answers = story.burst(kPerRound, chaos);
    slow = std::any_of(answers.begin(), answers.end(), [](const auto& a) { return a.elapsed >= 3s; });
    all_ok &= std::all_of(answers.begin(), answers.end(), [](const auto& a) { return a.status == 200; });
  }
  story.show_decision(delayed);
  story.check(slow, "of the requests with x-chaos-enabled: true, some took 3 s longer");
  story.check(all_ok, "all of them were answered: a delay does not count against the timeout");
  story.check(story.get().elapsed < 3s, "a request without the header is not delayed");
}

}  // namespace

const Step delay{"Chaos: delay", "x-chaos-enabled: true holds one request in ten for 3 s.", run};

}  // namespace marty::cli::demo::steps
