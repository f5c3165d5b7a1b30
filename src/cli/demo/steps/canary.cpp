#include <fmt/format.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

constexpr int kRequests = 10;

void run(Story& story) {
  int from_v2 = story.show({{"canary", "true"}}).header("x-petstore-version") == "v2" ? 1 : 0;
  for (int i = 1; i < kRequests; ++i)
    from_v2 += story.get({{"canary", "true"}}).header("x-petstore-version") == "v2" ? 1 : 0;
  story.check(from_v2 == kRequests,
              fmt::format("{} of {} requests with canary: true were answered by v2", from_v2, kRequests));
}

}  // namespace

const Step canary{"Canary by header", "Who sends canary: true gets v2, every time.", run, Of::kBoth};

}  // namespace marty::cli::demo::steps
