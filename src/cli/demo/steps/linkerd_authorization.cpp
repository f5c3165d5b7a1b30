#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

void run(Story& story) {
  auto stranger = story.mesh().add_client("petstore-domain", "stranger");
  if (!story.check(static_cast<bool>(stranger), "a client with the identity petstore-domain/stranger starts"))
    return;
  const auto answer = story.show({}, *stranger);
  story.check(answer.status == 403 && answer.body.empty(), "an identity nobody lets in gets an empty 403");
  // The client's own proxy strips what the server's proxy said to it.
  story.check(answer.header("l5d-proxy-error").empty(), "and is not told more than that");
}

}  // namespace

const Step linkerd_authorization{"Authorization",
                                 "A Server is closed to all whom no AuthorizationPolicy lets in. A valid\n"
                                 "certificate is not enough.",
                                 run, Of::kLinkerd};

}  // namespace marty::cli::demo::steps
