#include <fmt/format.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

constexpr int kRequests = 400;

void run(Story& story) {
  int ok = 0, limited = 0, other = 0;
  bool shown = false;
  for (int i = 0; i < kRequests; ++i) {
    const auto answer = story.get({{"canary", "true"}});
    const bool is_limited = answer.status == 429 && answer.body == "local_rate_limited";
    ok += answer.status == 200 ? 1 : 0;
    limited += is_limited ? 1 : 0;
    other += answer.status != 200 && !is_limited ? 1 : 0;
    if (is_limited && !shown) story.show({{"canary", "true"}}), shown = true;
  }
  story.say(fmt::format("  {} requests to the one v2 pod without a pause: {} × 200, {} × 429", kRequests, ok,
                        limited));
  story.check(limited > 0,
              "when its bucket of 200 is empty the pod's sidecar answers 429 local_rate_limited");
  story.check(ok > 0 && other == 0, "and nothing but 200 and 429");
}

}  // namespace

const Step rate_limit{"Local rate limit",
                      "Each pod has a bucket of 200 requests that refills by 100 a minute. v2 has one pod,\n"
                      "so 400 canary requests in a row are too many; v1's three pods would have taken 600.",
                      run};

}  // namespace marty::cli::demo::steps
