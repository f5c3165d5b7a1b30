#include <fmt/format.h>

#include <algorithm>

#include "rollout/checks/checks.hpp"

namespace marty::rollout::checks {

using manifest::Node;
using manifest::Resource;

namespace {

/// How the mesh is told to put a proxy into the namespace's pods; empty when it is not.
std::string injected_by(const Resource& ns, bool istio) {
  if (!istio) {
    const auto inject = ns.root.text_at({"metadata", "annotations", "linkerd.io/inject"});
    return inject == "enabled" || inject == "ingress" ? "annotation linkerd.io/inject: " + inject : "";
  }
  const auto inject = ns.root.text_at({"metadata", "labels", "istio-injection"});
  if (inject == "enabled") return "label istio-injection: enabled";
  const auto revision = ns.root.text_at({"metadata", "labels", "istio.io/rev"});
  // An explicit istio-injection, whatever it says, wins over the revision.
  return inject.empty() && !revision.empty() ? "label istio.io/rev: " + revision : "";
}

/// The proxy's container, also as a native sidecar among the init containers; nullptr when there is none.
const Node* proxy_of(const Resource& pod, std::string_view name) {
  for (const std::string_view list : {"containers", "initContainers"}) {
    const Node* all = pod.root.at({"spec", list});
    if (!all) continue;
    for (const Node& container : all->children)
      if (container.text_at({"name"}) == name) return &container;
  }
  return nullptr;
}

bool is_of(const Resource& pod, std::span<const Resource> workloads) {
  return std::any_of(workloads.begin(), workloads.end(), [&](const Resource& workload) {
    const Node* wanted = workload.root.at({"spec", "selector", "matchLabels"});
    const Node* labels = pod.root.at({"metadata", "labels"});
    if (!wanted || !labels || wanted->size() == 0 || *workload.ns != *pod.ns) return false;
    for (std::size_t i = 0; i < wanted->size(); ++i) {
      const Node* label = labels->find(wanted->entry(i).key.text);
      if (!label || label->text != wanted->entry(i).value.text) return false;
    }
    return true;
  });
}

void the_namespace(const Evidence& evidence, Report& report) {
  const bool istio = evidence.mesh == "istio";
  const auto live = evidence.survey.live.find(Key{"", "Namespace", "", evidence.ns});
  if (live == evidence.survey.live.end()) return;  // not ours to judge, or missing: then policies says so
  const auto how = injected_by(live->second, istio);
  if (!how.empty()) return report.ok("Namespace " + evidence.ns, how);
  auto& check = report.failed("Namespace " + evidence.ns, "new pods get no proxy");
  check.look = fmt::format("{} get namespace {} -o yaml", evidence.kubectl, evidence.ns);
  check.mend = fmt::format("{} {} namespace {} {}", evidence.kubectl, istio ? "label" : "annotate",
                           evidence.ns, istio ? "istio-injection=enabled" : "linkerd.io/inject=enabled");
}

}  // namespace

void injection(const Evidence& evidence, Report& report) {
  the_namespace(evidence, report);
  const std::string proxy = evidence.mesh == "istio" ? "istio-proxy" : "linkerd-proxy";
  std::size_t with = 0, pods = 0;
  std::string without, stale;
  for (const auto& pod : evidence.pods) {
    if (!is_of(pod, evidence.wanted)) continue;
    ++pods;
    const Node* container = proxy_of(pod, proxy);
    if (!container) {
      without += (without.empty() ? "" : ", ") + *pod.name;
      continue;
    }
    ++with;
    const auto tag = image_tag(container->text_at({"image"}));
    if (!evidence.target_version.empty() && !tag.empty() && !same_minor(tag, evidence.target_version))
      stale += fmt::format("{}{} has {}", stale.empty() ? "" : ", ", *pod.name, tag);
  }
  if (pods == 0) {
    auto& check = report.warning("pods", "there are none of this service");
    check.look = fmt::format("{} get pods -n {}", evidence.kubectl, evidence.ns);
    check.mend = evidence.apply;
    return;
  }
  if (without.empty()) {
    report.ok("pods", fmt::format("{} of {} have a proxy", with, pods));
  } else {
    auto& check =
        report.failed("pods", fmt::format("{} of {} have a proxy; without: {}", with, pods, without));
    check.look = fmt::format("{} get events -n {}", evidence.kubectl, evidence.ns);
    check.mend = fmt::format("{} rollout restart deployment -n {}", evidence.kubectl, evidence.ns);
  }
  if (stale.empty() || evidence.mesh != "istio") return;  // Linkerd's proxies have versions of their own
  auto& check =
      report.warning("proxies", stale + fmt::format("; mesh.yaml is for {}", evidence.target_version));
  check.look = "istioctl proxy-status";
  check.mend = fmt::format("{} rollout restart deployment -n {}", evidence.kubectl, evidence.ns);
}

}  // namespace marty::rollout::checks
