#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/service.hpp"

namespace marty::cli {

namespace {

constexpr const Flag* kFlags[] = {&kService, &kFile, &kMesh};

int apply_policies(const Arguments& arguments, World& world) {
  if (!arguments.given(kService) && !arguments.given(kFile))
    return usage_error(world, "apply-policies needs --service NAME or --file FILE");
  auto service = chosen_service(world, arguments);
  if (!service) return fail(world, service.error());
  const auto overlay = world.shown(service->overlay(arguments.text(kMesh)));
  return fail(world, {ErrorCode::kEnvironment, "applying to a cluster is not there yet; nothing was applied",
                      fmt::format("until it is: kubectl apply -k {}", overlay)});
}

}  // namespace

namespace commands {
constexpr Command apply_policies{"apply-policies",
                                 Group::kCluster,
                                 "apply a service's policies to a cluster (not there yet)",
                                 "marty service-mesh apply-policies --service petstore-domain --mesh istio # "
                                 "says what to type until it is there\n",
                                 kFlags,
                                 cli::apply_policies};
}  // namespace commands

}  // namespace marty::cli
