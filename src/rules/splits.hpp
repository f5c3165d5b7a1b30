#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rules/estate.hpp"

/// Requests divided between versions, whichever object says so.
namespace marty::rules {

struct SplitSide {
  std::string name;               ///< as written, with the subset: "pets v2"
  std::vector<const Pods*> pods;  ///< it leads to; none when they are not in the files
  std::int64_t weight = 0;
  const Node* where = nullptr;  ///< the item
  const Node* weigh = nullptr;  ///< the weight; nullptr when it is not written
  std::string path;             ///< of the item
  std::uint64_t replicas() const;
};

/// Every route of a VirtualService and rule of an HTTPRoute (and its like) with several destinations here,
/// and every TrafficSplit. Destinations that are no Services of the files are left out.
void each_split(const Estate&,
                const std::function<void(const Resource&, const std::vector<SplitSide>&)>& see);

}  // namespace marty::rules
