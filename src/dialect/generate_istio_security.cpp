#include <fmt/format.h>

#include "dialect/generate_istio_parts.hpp"
#include "dialect/istio/authorization_policy.hpp"
#include "dialect/istio/peer_authentication.hpp"

namespace marty::dialect::generated {

using manifest::Node;
using mesh::PolicyFile;

Node istio_object(const PolicyFile& file, std::string_view group, std::string_view kind,
                  const std::string& name, Node spec) {
  const std::string_view version = kind == "EnvoyFilter"        ? "v1alpha3"
                                   : file.target.istio_has_v1() ? "v1"
                                                                : "v1beta1";
  return object(file, fmt::format("{}/{}", group, version), kind, name, std::move(spec));
}

namespace {

std::string mtls_comment(const PolicyFile& file, policy::MtlsMode mode) {
  if (mode == policy::MtlsMode::kStrict) {
    return "The last stage: the pods' sidecars take mutual TLS only. Whoever has no certificate of the mesh "
           "is cut "
           "off, without\n"
           "an HTTP answer. If callers turn up that are not in the mesh yet, go back a stage: --mtls "
           "permissive.";
  }
  return fmt::format(
      "The first stage: mutual TLS from callers in the mesh, and plaintext from the others, so that they can "
      "join "
      "one by\n"
      "one. Prometheus knows what still comes in plaintext:\n"
      "  sum by (source_workload, source_workload_namespace) "
      "(increase(istio_requests_total{{reporter=\"destination\",\n"
      "    destination_service_name=\"{}\", connection_security_policy!=\"mutual_tls\"}}[1d]))\n"
      "A caller without a sidecar is \"unknown\" there; the access log of the pods' sidecars has its "
      "address. When "
      "nothing\n"
      "is left for as long as the rarest caller sleeps, go on: --mtls strict.",
      *file.service.name);
}

Node peer_authentication(const PolicyFile& file, const policy::MtlsPolicy& policy) {
  Node root = istio_object(file, "security.istio.io", "PeerAuthentication", policy.name,
                           manifest::encode(istio::from_model(policy)));
  root.comment(mtls_comment(file, *policy.mode));
  comment_at(
      root, {"spec", "portLevelMtls"},
      "A Prometheus outside of the mesh scrapes in plaintext. These are the pods' ports, not the Service's.");
  return root;
}

Node authorization_policy(const PolicyFile& file, const mesh::AuthorizationScope& scope) {
  Node root = istio_object(file, "security.istio.io", "AuthorizationPolicy", scope.policy.name,
                           manifest::encode(istio::from_model(scope)));
  if (scope.dry_run)
    root.find("metadata")->add("annotations", Node::mapping()).add(istio::kDryRun, Node::string("true"));
  return root;
}

constexpr const char* kWhoMayCall =
    "Who may call. As soon as one ALLOW policy covers a pod, what none of them allows is answered 403. An "
    "identity\n"
    "is that of the caller's certificate, so this needs mutual TLS. Probes need no rule: Istio has the "
    "kubelet ask "
    "the\n"
    "sidecar's agent, and that asks the application without passing the sidecar.";
constexpr const char* kDryRunStage =
    "\nA dry run in this stage, because a caller in plaintext has no identity and would be locked out. What "
    "would "
    "be\n"
    "refused is counted: envoy_http_rbac{authz_dry_run_result=\"denied\"}. With --mtls strict the rules are "
    "in force.";

}  // namespace

std::vector<Node> istio_security(const PolicyFile& file, const mesh::Model& model) {
  std::vector<Node> documents;
  for (const auto& policy : model.mtls) documents.push_back(peer_authentication(file, policy));
  const auto first = documents.size();
  for (const auto& scope : model.authorization) documents.push_back(authorization_policy(file, scope));
  if (documents.size() > first)
    documents[first].comment(std::string(kWhoMayCall) + (authorization_is_dry_run(file) ? kDryRunStage : ""));
  return documents;
}

}  // namespace marty::dialect::generated
