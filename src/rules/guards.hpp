#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "rules/estate.hpp"

namespace marty::rules {

/// Istio's AuthorizationPolicies, to be asked for pods; made once, and no longer than its estate.
class Guards {
 public:
  explicit Guards(const Estate&);
  /// Those in force for the pods: of their namespace and of the root namespace, dry runs left out.
  std::vector<policy::Authorization::Policy> of(const Pods&) const;
  bool any_for(const Pods&) const;
  bool any_in(std::string_view ns) const { return by_namespace_.contains(ns); }

 private:
  void each(const Pods&, FunctionRef<void(const mesh::AuthorizationScope&)> see) const;

  std::map<std::string_view, std::vector<const mesh::AuthorizationScope*>> by_namespace_;
  std::string_view root_;
};

}  // namespace marty::rules
