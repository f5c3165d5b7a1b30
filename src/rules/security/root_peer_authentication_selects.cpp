#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* peer : estate.of("PeerAuthentication", "security.istio.io")) {
    const Node* labels = get(peer->root, "spec.selector.matchLabels");
    if (*peer->ns != estate.settings().root_namespace || labels == nullptr || labels->size() == 0) continue;
    report
        .at(*peer, *labels, "spec.selector.matchLabels",
            "in the root namespace only a PeerAuthentication without a selector is looked at: this one has "
            "no effect")
        .notes = {{{}, "write it in the namespace of the pods"}};
  }
}

}  // namespace

extern const Rule root_peer_authentication_selects{
    .id = "root-peer-authentication-selects",
    .severity = Severity::kWarning,
    .peers = "IST0167",
    .title = "a PeerAuthentication of the root namespace selects pods, and is ignored",
    .why =
        "What stands in Istio's root namespace is for the whole mesh. Of its PeerAuthentications istiod "
        "takes "
        "the one without a selector, as the mode of the mesh, and drops the others: the pods that one of "
        "them "
        "names keep the mode of their namespace, so STRICT is not STRICT for them.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: bank, namespace: istio-system}
spec:
  selector:
    matchLabels: {app: bank} # <<
  mtls: {mode: STRICT}
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: bank, namespace: shop}
spec:
  selector:
    matchLabels: {app: bank}
  mtls: {mode: STRICT}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
