#include <fmt/format.h>

#include <algorithm>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

constexpr std::size_t kRequests = 200;

void run(Story& story) {
  const auto answers = story.burst(kRequests);
  const auto ok =
      std::count_if(answers.begin(), answers.end(), [](const auto& a) { return a.status == 200; });
  const auto refused = std::count_if(answers.begin(), answers.end(), [](const auto& a) {
    return a.status == 503 && a.header("x-envoy-overloaded") == "true";
  });
  story.say(fmt::format("  {} requests at one moment: {} answered, {} refused with x-envoy-overloaded",
                        kRequests, ok, refused));
  story.show_decision([](const auto& d) { return d.flags.has(telemetry::Flag::kUpstreamOverflow); });
  story.check(ok > 0, "as many as the limits allow are answered");
  story.check(refused > 0, "the rest is refused at once with 503 UO instead of piling up");
  story.check(ok + refused == static_cast<std::ptrdiff_t>(kRequests), "nothing else happened to any of them");
}

}  // namespace

const Step connection_limit{"Connection limit",
                            "The DestinationRule bounds connections and the queue in front of them.", run};

}  // namespace marty::cli::demo::steps
