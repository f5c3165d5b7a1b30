#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// "2" or "50%" of so many pods; nothing for other texts. Kubernetes rounds up in both fields.
std::optional<std::uint64_t> share_of(std::string_view text, std::uint64_t pods) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  std::uint32_t value = 0;
  const auto [stop, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return percent ? (pods * value + 99) / 100 : value;
}

/// The lowest count of pods an autoscaler leaves, by the target's "kind/namespace/name".
std::map<std::string, std::uint64_t> scaled(const Estate& estate) {
  std::map<std::string, std::uint64_t> out;
  for (const auto* scaler : estate.of("HorizontalPodAutoscaler"))
    out[fmt::format("{}/{}/{}", text(scaler->root, "spec.scaleTargetRef.kind"), *scaler->ns,
                    text(scaler->root, "spec.scaleTargetRef.name"))] =
        static_cast<std::uint64_t>(
            std::max<std::int64_t>(1, number(scaler->root, "spec.minReplicas").value_or(1)));
  return out;
}

/// How many pods a budget is about.
std::uint64_t pods_of(const Estate& estate, const Resource& budget, const Node& labels,
                      const std::map<std::string, std::uint64_t>& at_least) {
  std::uint64_t pods = 0;
  for (const auto* chosen : estate.selected(*budget.ns, labels_at(&labels))) {
    const auto known = at_least.find(
        fmt::format("{}/{}/{}", *chosen->owner->kind, *chosen->owner->ns, *chosen->owner->name));
    pods += known == at_least.end() ? chosen->replicas : known->second;
  }
  return pods;
}

void check(const Estate& estate, Report& report) {
  std::optional<std::map<std::string, std::uint64_t>> at_least;  // few budgets ask for it
  for (const auto* budget : estate.of("PodDisruptionBudget")) {
    const Node* kept = get(budget->root, "spec.minAvailable");
    const Node* down = get(budget->root, "spec.maxUnavailable");
    if (kept == nullptr && (down == nullptr || share_of(down->text, 1) != 0u)) continue;
    const Node* labels = get(budget->root, "spec.selector.matchLabels");
    if (labels == nullptr || labels->size() == 0) continue;
    if (!at_least) at_least = scaled(estate);
    const auto pods = pods_of(estate, *budget, *labels, *at_least);
    const auto say = [&](const Node& node, std::string_view field, std::string message) {
      report.at(*budget, node, fmt::format("spec.{}", field), std::move(message)).notes = {
          {{}, "draining a node waits for ever: allow one pod to go, or run more of them"}};
    };
    if (pods == 0) continue;
    if (kept == nullptr) {
      say(*down, "maxUnavailable", "none may be away, so none may ever be evicted");
    } else if (const auto stay = share_of(kept->text, pods); stay && *stay >= pods) {
      say(*kept, "minAvailable",
          fmt::format("{} of {} pod(s) have to stay: none may ever be evicted", *stay, pods));
    }
  }
}

}  // namespace

extern const Rule budget_blocks_eviction{
    .id = "budget-blocks-eviction",
    .severity = Severity::kWarning,
    .peers = "pdb-max-unavailable pdb-min-available",
    .title = "a disruption budget that lets no pod go",
    .why =
        "A PodDisruptionBudget says how many pods must stay while nodes are emptied. When that is all of "
        "them, every drain hangs until somebody deletes the budget, and with it upgrades of nodes, which is "
        "also how sidecars get replaced.",
    .bad = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: pets, namespace: shop}
spec:
  minAvailable: 2 # <<
  selector: {matchLabels: {app: pets}}
)",
    .good = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: pets, namespace: shop}
spec:
  minAvailable: 50%
  selector: {matchLabels: {app: pets}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
