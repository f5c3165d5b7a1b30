#include "rollout/readiness.hpp"

#include <fmt/format.h>

#include <charconv>

namespace marty::rollout {

using manifest::Node;
using manifest::Resource;
using State = Readiness::State;

namespace {

std::int64_t number(const Node& root, std::initializer_list<std::string_view> path, std::int64_t fallback) {
  const auto text = root.text_at(path);
  std::from_chars(text.data(), text.data() + text.size(), fallback);
  return fallback;
}

const Node* condition(const Node& status, std::string_view type) {
  const Node* all = status.find("conditions");
  if (!all) return nullptr;
  for (const Node& one : all->children)
    if (one.text_at({"type"}) == type) return &one;
  return nullptr;
}

/// As `kubectl rollout status` judges it.
Readiness workload(const Resource& live) {
  const Node* status = live.root.find("status");
  if (!status || number(live.root, {"status", "observedGeneration"}, 0) <
                     number(live.root, {"metadata", "generation"}, 0))
    return {State::kPending, "not looked at by its controller yet"};
  if (const Node* progress = condition(*status, "Progressing");
      progress && progress->text_at({"reason"}) == "ProgressDeadlineExceeded")
    return {State::kFailed, progress->text_at({"message"})};
  const auto pods = replicas(live);
  if (pods.updated < pods.wanted)
    return {State::kPending, fmt::format("{} of {} pods are updated", pods.updated, pods.wanted)};
  if (pods.total > pods.updated)
    return {State::kPending, fmt::format("{} old pods are ending", pods.total - pods.updated)};
  if (pods.available < pods.wanted)
    return {State::kPending, fmt::format("{} of {} pods are ready", pods.available, pods.wanted)};
  return {State::kReady, fmt::format("{} of {} pods are ready", pods.available, pods.wanted)};
}

/// Gateway API: every parent says whether it takes the route.
Readiness route(const Resource& live) {
  const Node* parents = live.root.at({"status", "parents"});
  if (!parents || parents->children.empty()) return {State::kPending, "no parent has looked at it yet"};
  for (const Node& parent : parents->children) {
    for (const std::string_view type : {"Accepted", "ResolvedRefs"}) {
      const Node* one = condition(parent, type);
      if (one && one->text_at({"status"}) == "False")
        return {State::kFailed, fmt::format("not {}: {}", type == "Accepted" ? "accepted" : "resolved",
                                            one->text_at({"reason"}))};
      if (type == "Accepted" && (!one || one->text_at({"status"}) != "True"))
        return {State::kPending, "not accepted yet"};
    }
  }
  return {State::kReady, "accepted"};
}

struct Judge {
  std::string_view group, kind;
  Readiness (*judge)(const Resource&);
};
constexpr Judge kJudges[] = {
    {"apps", "Deployment", workload},
    {"apps", "StatefulSet", workload},
    {"apps", "DaemonSet", workload},
    {"gateway.networking.k8s.io", "HTTPRoute", route},
    {"gateway.networking.k8s.io", "GRPCRoute", route},
    {"policy.linkerd.io", "HTTPRoute", route},
};

}  // namespace

Replicas replicas(const Resource& of) {
  const Node& root = of.root;
  if (*of.kind == "DaemonSet") {
    const auto wanted = number(root, {"status", "desiredNumberScheduled"}, 0);
    const auto updated = number(root, {"status", "updatedNumberScheduled"}, 0);
    return {wanted, updated, number(root, {"status", "numberReady"}, 0),
            number(root, {"status", "numberAvailable"}, 0), updated};
  }
  const auto updated = number(root, {"status", "updatedReplicas"}, 0);
  return {number(root, {"spec", "replicas"}, 1), updated, number(root, {"status", "readyReplicas"}, 0),
          number(root, {"status", "availableReplicas"}, 0), number(root, {"status", "replicas"}, updated)};
}

Readiness readiness(const Resource& live) {
  for (const auto& judge : kJudges)
    if (judge.kind == *live.kind && judge.group == live.group()) return judge.judge(live);
  return {};
}

}  // namespace marty::rollout
