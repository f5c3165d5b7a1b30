#include <fmt/format.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

constexpr int kRequests = 100;
// Binomial(100, 0.1): fewer than 1 or more than 26 happens less than 3 times in 100 000 runs.
constexpr int kLeast = 1, kMost = 26;

void run(Story& story) {
  int v1 = 0, v2 = 0;
  for (int i = 0; i < kRequests; ++i) {
    const auto answer = i == 0 ? story.show() : story.get();
    v1 += answer.header("x-petstore-version") == "v1" ? 1 : 0;
    v2 += answer.header("x-petstore-version") == "v2" ? 1 : 0;
  }
  story.say(fmt::format("  {} requests: v1 {}, v2 {}", kRequests, v1, v2));
  story.check(v1 + v2 == kRequests, "every request was answered by one of the versions");
  story.check(v2 >= kLeast && v2 <= kMost,
              fmt::format("v2's share of 10 % shows ({} to {} of {})", kLeast, kMost, kRequests));
}

}  // namespace

const Step split{"Weighted split", "Everybody else is split 90 to 10 between v1 and v2.", run, Of::kBoth};

}  // namespace marty::cli::demo::steps
