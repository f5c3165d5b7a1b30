#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "rules/estate.hpp"

namespace marty::rules {

/// How a kind of policy chooses the pods it acts on.
struct SelectingKind {
  std::string_view kind, group;
  Way labels;                         ///< where its labels are: "spec.selector.matchLabels"
  bool everywhere_from_root = false;  ///< in Istio's root namespace it acts on the pods of all namespaces
  bool one_per_pod = false;           ///< of several for one pod only the oldest acts
};
std::span<const SelectingKind> selecting_kinds();

/// The labels node; nullptr when the object selects by nothing, so acts on its whole namespace.
const Node* labels_of(const Resource&, const SelectingKind&);
/// The pods it acts on.
std::vector<const Pods*> chosen(const Estate&, const Resource&, const SelectingKind&);

}  // namespace marty::rules
