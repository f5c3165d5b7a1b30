#include <fmt/format.h>

#include "cli/demo/steps.hpp"

namespace marty::cli::demo::steps {
namespace {

void run(Story& story) {
  const local::Pod& pod = *story.pod_of("-v1", 0);
  http::ClientRequest plain;
  plain.to = {fmt::format("{}:8080", pod.plan().instance.ip)};
  plain.target = std::string(Story::kPath);
  plain.authority = plain.to.text;
  story.say(fmt::format("  → GET http://{}{}   in plaintext, past the mesh", plain.to.text, plain.target));
  const auto refused = story.direct(plain);
  story.say(refused.status == 0 ? "  ← connection reset, no HTTP answer"
                                : fmt::format("  ← {}", refused.status));
  story.check(refused.status == 0, "plaintext to an inbound sidecar gets no HTTP answer");

  const auto answer = story.show();
  story.check(answer.status == 200, "through the sidecars the same request is answered");
  const std::string caller = "spiffe://cluster.local/ns/petstore-domain/sa/petstore-client";
  bool identified = false;
  for (const auto& proxy : story.mesh().proxies()) {
    const auto& ring = proxy->sidecar->engine().decisions();
    identified |= proxy->inbound_port == 8080 && ring.size() > 0 && ring.newest().peer.view() == caller;
  }
  story.check(identified, "the pod's sidecar verified who called: " + caller);
}

}  // namespace

const Step mutual_tls{
    "Mutual TLS",
    "PeerAuthentication says STRICT: a pod's port takes TLS 1.3 with a client certificate, nothing else.\n"
    "Who calls is known by SPIFFE identity.",
    run};

}  // namespace marty::cli::demo::steps
