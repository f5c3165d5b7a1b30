#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

void run(Story& story) {
  auto stranger = story.mesh().add_client("petstore-domain", "stranger");
  if (!story.check(static_cast<bool>(stranger), "a client with the identity petstore-domain/stranger starts"))
    return;
  const auto answer = story.show({}, *stranger);
  story.check(answer.status == 403 && answer.body == "RBAC: access denied",
              "an identity nobody allowed is denied with 403");
}

}  // namespace

const Step authorization{
    "Authorization", "The AuthorizationPolicy names who may call. A valid certificate is not enough.", run};

}  // namespace marty::cli::demo::steps
