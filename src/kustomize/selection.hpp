#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "kustomize/kustomization.hpp"
#include "kustomize/object.hpp"
#include "policy/string_match.hpp"

namespace marty::kustomize {

/// A condition on labels or annotations as Kubernetes writes them: "app=web,tier!=test,env in (a, b),!old".
class LabelCondition {
 public:
  /// Nothing when it is none; reported.
  static std::optional<LabelCondition> parse(const Text&, Diagnostics&);
  /// `pairs` is metadata.labels, or nullptr when there are none.
  bool holds(const Node* pairs) const;

 private:
  struct Requirement {
    std::string key;
    enum class Kind { kIn, kNotIn, kExists, kAbsent, kGreater, kLess } kind = Kind::kExists;
    std::vector<std::string> values;
  };
  static bool holds(const Requirement&, const Node* value);
  std::vector<Requirement> requirements_;
};

/// The target of a patch: regular expressions for the whole of kind, name and so on, and conditions on labels
/// and annotations. Names and namespaces are matched as they are and as they were first.
class Target {
 public:
  static std::optional<Target> compile(const Selector&, Diagnostics&);
  bool selects(const Object&) const;

 private:
  using Pattern = std::shared_ptr<const policy::Regex>;
  Pattern group_, version_, kind_, name_, ns_;
  LabelCondition labels_, annotations_;
};

}  // namespace marty::kustomize
