#include <algorithm>
#include <iterator>
#include <vector>

#include "cli/command.hpp"
#include "cli/demo/steps.hpp"
#include "cli/local_session.hpp"

namespace marty::cli::commands {
namespace {

constexpr Flag kAuto{Flag::Kind::kToggle, "--auto", "", "do not wait for Enter between the steps"};

int run(const Arguments& arguments, World& world) {
  static const demo::Step kSteps[] = {
#define STEP(x) demo::steps::x,
#include "cli/demo/steps.inc"
#undef STEP
  };
  int code = exit_code::kClean;
  const auto session = LocalSession::start(world, arguments, code, "petstore-domain");
  if (session == nullptr) return code;
  const bool reader = world.terminal.in && world.terminal.out && !arguments.given(kAuto);
  demo::Story story(*session, reader ? demo::Pace::kReader : demo::Pace::kAutomatic);
  const auto other = story.linkerd() ? demo::Of::kIstio : demo::Of::kLinkerd;
  std::vector<demo::Step> told;
  std::copy_if(std::begin(kSteps), std::end(kSteps), std::back_inserter(told),
               [&](const demo::Step& step) { return step.of != other; });
  return story.tell(told);
}

constexpr const Flag* kFlags[] = {&kService, &kFile, &kMesh, &kAuto, &kAs, &kVerbose};

}  // namespace

const Command demo{
    .name = "demo",
    .group = Group::kLocalMesh,
    .summary = "the story of a mesh: each policy at work, with the manifest line behind each decision",
    .examples =
        "marty mesh demo             # Enter for each step\n"
        "marty mesh demo --auto      # all at once, exit code 0 or 1\n"
        "marty mesh demo --mesh linkerd   # the same service under Linkerd's rules\n",
    .flags = kFlags,
    .run = run,
};

}  // namespace marty::cli::commands
