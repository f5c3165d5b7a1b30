#pragma once

#include <map>
#include <string>

#include "rules/estate.hpp"

namespace marty::rules {

/// How many pods there may be, autoscalers included.
class Scale {
 public:
  explicit Scale(const Estate&);
  /// As many as an autoscaler may make of them, or as the controller says.
  std::uint64_t most(const Pods&) const;

 private:
  std::map<std::string, std::uint64_t> most_;  // by namespace/kind/name
};

}  // namespace marty::rules
