#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
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
  struct Subset {
    std::string_view name;
    mesh::Labels labels;
  };

  const Estate& estate_;
  std::unordered_map<std::string, std::vector<Subset>> by_host_;  // FQDN; of several rules the first one's
};

}  // namespace marty::rules
