#include <fmt/format.h>

#include <algorithm>

#include "rollout/checks/checks.hpp"
#include "rollout/kubectl_error.hpp"
#include "rollout/readiness.hpp"

namespace marty::rollout::checks {

using manifest::Node;
using manifest::Resource;

namespace {

void version(const Evidence& evidence, const Resource& deployment, Report& report) {
  const auto tag =
      image_tag(deployment.root.text_at({"spec", "template", "spec", "containers", "0", "image"}));
  const auto subject = "version of " + shown(key_of(deployment));
  if (evidence.target_version.empty() || tag.empty()) {
    report.ok(subject, tag.empty() ? "unknown: its image has no tag" : tag);
  } else if (same_minor(tag, evidence.target_version)) {
    report.ok(subject, tag);
  } else {
    auto& check = report.warning(subject, fmt::format("{}, but mesh.yaml is written for {} {}", tag,
                                                      evidence.mesh, evidence.target_version));
    check.look = fmt::format("{} version", evidence.mesh == "istio" ? "istioctl" : "linkerd");
    check.mend = fmt::format(
        "set spec.target.{} in mesh.yaml and generate the overlay again, or upgrade the mesh", evidence.mesh);
  }
}

}  // namespace

void mesh(const Evidence& evidence, Report& report) {
  const std::string ns = evidence.mesh == "istio" ? "istio-system" : "linkerd";
  for (const auto& error : evidence.hidden) report.warning("cannot be read", error.text).mend = error.next;
  for (const auto& kind : evidence.not_served) {
    auto& check = report.failed(kind, "is no kind this cluster knows");
    const auto group = kind.substr(kind.find('(') + 1);
    check.look = evidence.kubectl + " api-resources";
    check.mend = how_to_install(std::string_view(group).substr(0, group.size() - 1));
  }
  if (evidence.control_plane.empty()) {
    if (!evidence.hidden.empty()) return;
    auto& check = report.failed(evidence.mesh + " control plane", "no Deployment of it in namespace " + ns);
    check.look = fmt::format("{} get deployments -n {}", evidence.kubectl, ns);
    check.mend = how_to_install(evidence.mesh == "istio" ? "networking.istio.io" : "policy.linkerd.io");
    return;
  }
  for (const auto& deployment : evidence.control_plane) {
    const auto key = key_of(deployment);
    const auto state = readiness(deployment);
    if (state.state == Readiness::State::kReady) {
      report.ok(shown(key), state.why);
    } else {
      auto& check = report.failed(shown(key), state.why);
      check.look = kubectl_command(evidence, "describe", key);
      check.mend = evidence.mesh == "istio" ? "istioctl analyze -n istio-system" : "linkerd check";
    }
  }
  version(evidence, evidence.control_plane.front(), report);
}

}  // namespace marty::rollout::checks
