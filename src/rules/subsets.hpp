#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rules/estate.hpp"

namespace marty::rules {

/// The pods that DestinationRules make of hosts and subsets.
class Subsets {
 public:
  explicit Subsets(const Estate&);
  /// Those behind a Service that are in the subset; all of them for an empty name, none for an unknown one.
  std::vector<const Pods*> pods(const Resource& service, std::string_view subset) const;

 private:
  const Estate& estate_;
  std::map<std::string, const Resource*> rules_;  // by FQDN; of several the first
};

}  // namespace marty::rules
