#include "rollout/plan.hpp"

#include <algorithm>

#include "kustomize/object.hpp"

namespace marty::rollout {

using kustomize::set_entry;
using manifest::Node;
using manifest::Resource;

namespace {

/// The mapping under a key, made when it is not there.
Node& mapping_at(Node& parent, std::string_view key) {
  Node* child = parent.find(key);
  if (!child) child = &parent.add(key, Node::mapping());
  if (child->is_null()) *child = Node::mapping(child->origin);
  return *child;
}

Planned planned(const Resource& wanted, const Survey& survey) {
  Planned out;
  out.key = key_of(wanted);
  out.stage = kind_of(out.key.group, out.key.kind).stage;
  out.origin = wanted.kind.origin;
  out.wanted = &wanted;
  if (!survey.reached) return out;
  if (const auto conflicts = survey.conflicts.find(out.key); conflicts != survey.conflicts.end())
    out.conflicts = conflicts->second;
  const auto live = survey.live.find(out.key);
  if (live == survey.live.end()) {
    out.action = Action::kCreate;
    return out;
  }
  const auto preview = survey.preview.find(out.key);
  out.previewed = preview != survey.preview.end();
  const Node& before = live->second.root;
  out.changes =
      differences(before, out.previewed ? preview->second.root : overlaid(before, wanted.root), wanted.root);
  out.action = out.changes.empty() ? Action::kUnchanged : Action::kChange;
  return out;
}

std::vector<Planned> removals(std::span<const Resource> wanted, const Survey& survey) {
  std::set<Key> keep;
  for (const auto& resource : wanted) keep.insert(key_of(resource));
  std::vector<Planned> out;
  for (const auto& resource : survey.marked) {
    Planned one;
    one.key = key_of(resource);
    const Kind kind = kind_of(one.key.group, one.key.kind);
    if (kind.removal == Kind::Removal::kNever || !keep.insert(one.key).second) continue;
    one.stage = kind.stage;
    one.action = Action::kPrune;
    out.push_back(std::move(one));
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Planned& a, const Planned& b) { return a.stage > b.stage; });
  return out;
}

}  // namespace

std::string selector_of(const std::string& service) {
  return std::string(kManagedBy) + "=marty," + std::string(kServiceLabel) + "=" + service;
}

std::vector<Resource> marked(std::vector<Resource> resources, const std::string& service) {
  for (auto& resource : resources) {
    Node& metadata = mapping_at(resource.root, "metadata");
    if (const auto ns = key_of(resource).ns; !ns.empty()) set_entry(metadata, "namespace", Node::string(ns));
    Node& labels = mapping_at(metadata, "labels");
    set_entry(labels, kManagedBy, Node::string("marty"));
    if (*resource.kind != "Namespace") set_entry(labels, kServiceLabel, Node::string(service));
  }
  return resources;
}

std::string_view to_string(Action action) {
  switch (action) {
    case Action::kCreate:
      return "create";
    case Action::kChange:
      return "change";
    case Action::kUnchanged:
      return "unchanged";
    case Action::kPrune:
      return "prune";
    case Action::kUnknown:
      break;
  }
  return "unknown";
}

std::size_t Plan::count(Action action) const {
  return static_cast<std::size_t>(std::count_if(objects.begin(), objects.end(),
                                                [&](const Planned& one) { return one.action == action; }));
}

bool Plan::changes_anything() const {
  return count(Action::kCreate) + count(Action::kChange) + count(Action::kPrune) > 0;
}

std::size_t Plan::conflicts() const {
  std::size_t sum = 0;
  for (const auto& one : objects) sum += one.conflicts.size();
  return sum;
}

Plan make_plan(std::span<const Resource> wanted, const Survey& survey) {
  Plan plan;
  for (const auto& resource : wanted) plan.objects.push_back(planned(resource, survey));
  std::stable_sort(plan.objects.begin(), plan.objects.end(),
                   [](const Planned& a, const Planned& b) { return a.stage < b.stage; });
  auto last = removals(wanted, survey);
  std::move(last.begin(), last.end(), std::back_inserter(plan.objects));
  return plan;
}

}  // namespace marty::rollout
