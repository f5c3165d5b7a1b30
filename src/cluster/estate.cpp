#include "cluster/estate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/objects.hpp"

namespace marty::cluster {
namespace {

/// Groups whose kinds are all a mesh's, its routes or its monitoring.
constexpr std::string_view kWholeGroups[] = {
    "networking.istio.io", "security.istio.io", "telemetry.istio.io",        "extensions.istio.io",
    "policy.linkerd.io",   "linkerd.io",        "multicluster.linkerd.io",   "split.smi-spec.io",
    "access.smi-spec.io",  "specs.smi-spec.io", "gateway.networking.k8s.io", "monitoring.coreos.com"};

/// What a mesh touches of the rest. Pods belong to the controllers that are here.
constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
    {"", "Namespace"},
    {"", "Service"},
    {"", "ServiceAccount"},
    {"apps", "Deployment"},
    {"apps", "StatefulSet"},
    {"apps", "DaemonSet"},
    {"batch", "CronJob"},
    {"networking.k8s.io", "NetworkPolicy"},
    {"networking.k8s.io", "Ingress"},
    {"autoscaling", "HorizontalPodAutoscaler"},
    {"policy", "PodDisruptionBudget"}};

bool judged(const Served::key_type& kind) {
  return std::ranges::find(kWholeGroups, kind.first) != std::end(kWholeGroups) ||
         std::ranges::find(kKinds, std::pair<std::string_view, std::string_view>(kind)) != std::end(kKinds);
}

}  // namespace

Result<EstateText> read_estate(Kubectl& kubectl, const std::string& ns,
                               const std::function<void(const std::string&)>& busy) {
  busy("asking the cluster for its kinds");
  auto served = served_kinds(kubectl);
  if (!served) return std::move(served.error());
  // What Istio's root namespace says counts in every other.
  constexpr const char* kRoot = "--namespace=istio-system";
  const auto scope = ns.empty() ? std::string("--all-namespaces") : "--namespace=" + ns;
  EstateText out;
  const auto take = [&](const std::string& resource, std::vector<std::string> words) -> Status {
    busy("reading " + resource);
    words.insert(words.begin(), {"get", resource});
    words.insert(words.end(), {"--ignore-not-found", "-o", "yaml"});
    auto text = kubectl.run("reading " + resource, std::move(words));
    if (text) {
      if (!text->empty()) out.listings.push_back({resource, std::move(*text)});
    } else if (text.error().code == ErrorCode::kInterrupted) {
      return std::move(text.error());
    } else {
      out.hidden.push_back(std::move(text.error()));
    }
    return ok();
  };
  for (const auto& [kind, resource] : *served) {
    if (!judged(kind)) continue;
    MARTY_TRY(take(resource, {scope}));
    if (!ns.empty() && scope != kRoot && kind.first.ends_with(".istio.io"))
      MARTY_TRY(take(resource, {kRoot}));
  }
  // Of ConfigMaps only istiod's own, by its name.
  MARTY_TRY(take("configmaps", {"istio", kRoot}));
  if (out.listings.empty() && !out.hidden.empty()) return std::move(out.hidden.front());
  return out;
}

}  // namespace marty::cluster
