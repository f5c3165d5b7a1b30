#include <fmt/format.h>

#include "dialect/kinds.hpp"
#include "policy/mtls_mode.hpp"
#include "rollout/checks/checks.hpp"

namespace marty::rollout::checks {

using manifest::Node;
using manifest::Resource;
using policy::MtlsMode;

namespace {

std::string_view word(MtlsMode mode) {
  switch (mode) {
    case MtlsMode::kStrict:
      return "STRICT";
    case MtlsMode::kDisable:
      return "DISABLE";
    case MtlsMode::kUnset:
    case MtlsMode::kPermissive:
      break;
  }
  return "PERMISSIVE";
}

/// The mode in force is computed, not read: several PeerAuthentications act on one port.
void istio(const Evidence& evidence, Report& report) {
  mesh::Model model;
  Diagnostics ignored;  // the manifests' own findings are validate's business
  for (const auto& object : evidence.authentications) dialect::read_resource(object, model, ignored);
  for (const auto& resource : evidence.wanted) {
    const auto live = evidence.survey.live.find(key_of(resource));
    if (live != evidence.survey.live.end() && resource.group() == "apps")
      dialect::read_resource(live->second, model, ignored);
  }
  for (const auto& workload : model.workloads) {
    for (const auto port : workload.ports) {
      const auto mode = policy::effective_mtls(model.mtls, workload.ns, workload.labels, port);
      const auto subject = fmt::format("{} port {}", workload.name, port);
      if (*mode == MtlsMode::kStrict) {
        report.ok(subject, "STRICT");
        continue;
      }
      auto& check = report.warning(subject, fmt::format("{}: plaintext is taken", word(*mode)));
      check.look = fmt::format("{} get peerauthentications -A", evidence.kubectl);
      check.mend =
          "security.mtls: strict in mesh.yaml once every caller has a proxy; for a port that is "
          "scraped from outside of the mesh this is meant";
    }
  }
}

bool needs_identity(const Resource& policy) {
  if (*policy.kind == "ServerAuthorization") return policy.root.at({"spec", "client", "meshTLS"}) != nullptr;
  const Node* refs = policy.root.at({"spec", "requiredAuthenticationRefs"});
  for (std::size_t i = 0; refs && i < refs->size(); ++i) {
    const Node* kind = refs->children[i].find("kind");
    if (kind && (kind->text == "MeshTLSAuthentication" || kind->text == "ServiceAccount")) return true;
  }
  return false;
}

/// A Server takes whom its accessPolicy or an authorization lets in; with identities only, that is mutual
/// TLS.
void linkerd(const Evidence& evidence, Report& report) {
  std::size_t open = 0, identified = 0;
  for (const std::string_view kind : {"AuthorizationPolicy", "ServerAuthorization"})
    for (const auto* policy : live_of(evidence, "policy.linkerd.io", kind))
      ++(needs_identity(*policy) ? identified : open);
  for (const auto* server : live_of(evidence, "policy.linkerd.io", "Server")) {
    const auto key = key_of(*server);
    auto policy = server->root.text_at({"spec", "accessPolicy"});
    if (policy.empty()) policy = "deny";
    if (policy == "deny" || policy.ends_with("-authenticated")) {
      report.ok(shown(key),
                fmt::format("accessPolicy {}; {} authorizations ask for an identity of the mesh, {} do not",
                            policy, identified, open));
      continue;
    }
    auto& check = report.warning(shown(key), fmt::format("accessPolicy {}: plaintext is taken", policy));
    check.look = kubectl_command(evidence, "get", key) + " -o yaml";
    check.mend = "security.mtls: strict in mesh.yaml once every caller has a proxy";
  }
}

}  // namespace

void mtls(const Evidence& evidence, Report& report) {
  evidence.mesh == "istio" ? istio(evidence, report) : linkerd(evidence, report);
}

}  // namespace marty::rollout::checks
