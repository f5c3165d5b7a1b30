#include <fmt/format.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

constexpr int kRequestsMost = 300;  // draws of 5 %: none at all happens 2 times in 10 million runs

void run(Story& story) {
  int sent = 0;
  http::ClientResponse answer;
  while (sent < kRequestsMost && answer.status != 500) {
    answer = story.get({{"x-chaos-error", "true"}});
    ++sent;
  }
  story.show_decision([](const telemetry::Decision& d) { return d.status == 500; });
  story.say(fmt::format("  its answer says l5d-proxy-error: {}", answer.header("l5d-proxy-error")));
  story.check(
      answer.status == 500 && answer.body.empty(),
      fmt::format("request {} with x-chaos-error: true drew the backend that is none: 500, not retried",
                  sent));
}

}  // namespace

const Step error_backend{
    "Chaos: a backend that is none",
    "Linkerd injects no faults. A route for x-chaos-error: true gives one share in twenty to a\n"
    "backend of a kind that nobody serves; each request drawn to it gets 500.",
    run, Of::kLinkerd};

}  // namespace marty::cli::demo::steps
