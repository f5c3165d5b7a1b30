#include <fmt/format.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

constexpr const char* kCaller =
    "petstore-client.petstore-domain.serviceaccount.identity.linkerd.cluster.local";

void run(Story& story) {
  const local::Pod& pod = *story.pod_of("-v1", 0);
  http::ClientRequest plain;
  plain.to = {fmt::format("{}:8080", pod.plan().instance.ip)};
  plain.target = std::string(Story::kPath);
  plain.authority = plain.to.text;
  plain.headers = {{"l5d-client-id", kCaller}};
  story.say(fmt::format("  → GET http://{}{}   in plaintext, past the mesh, l5d-client-id: {}", plain.to.text,
                        plain.target, kCaller));
  const auto refused = story.direct(plain);
  story.say(fmt::format("  ← {} {}", refused.status, refused.body));
  story.check(
      refused.status == 403 && refused.body.empty(),
      "plaintext is read, but the Server lets no unknown caller in: 403, and the header is no identity");

  const auto answer = story.show();
  story.check(answer.status == 200, "through the sidecars the same request is answered");
  bool identified = false;
  for (const auto& proxy : story.mesh().proxies()) {
    const auto& ring = proxy->sidecar->engine().decisions();
    identified |= proxy->inbound_port == 8080 && ring.size() > 0 &&
                  policy::ProxyIdentity(ring.newest().peer.view()).view() == kCaller;
  }
  story.check(identified, fmt::format("the pod's sidecar verified who called: {}", kCaller));
}

}  // namespace

const Step linkerd_identity{
    "Identity",
    "Every meshed connection is mutual TLS 1.3. Linkerd reads plaintext too; that it is not let in is the\n"
    "Server's doing. The application learns who called from l5d-client-id.",
    run, Of::kLinkerd};

}  // namespace marty::cli::demo::steps
