#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/service.hpp"

namespace marty::cli {

namespace {

constexpr const Flag* kFlags[] = {&kService, &kFile};

int status(const Arguments& arguments, World& world) {
  if (!arguments.given(kService) && !arguments.given(kFile))
    return usage_error(world, "status needs --service NAME or --file FILE");
  auto service = chosen_service(world, arguments);
  if (!service) return fail(world, service.error());
  return fail(
      world,
      {ErrorCode::kEnvironment, "the state of a mesh cannot be shown yet; nothing was asked",
       fmt::format("until it can: kubectl get -k {}, or marty service-mesh up, whose admin address has "
                   "/stats/prometheus and /decisions",
                   world.shown(service->overlay("istio")))});
}

}  // namespace

namespace commands {
constexpr Command status{
    "status",
    Group::kCluster,
    "show how a service's mesh is doing (not there yet)",
    "marty service-mesh status --service petstore-domain # says what to type until it is there\n",
    kFlags,
    cli::status};
}  // namespace commands

}  // namespace marty::cli
