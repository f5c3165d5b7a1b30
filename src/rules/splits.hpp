#pragma once

#include <string>
#include <vector>

#include "rules/estate.hpp"

/// Requests divided between versions, whichever object says so.
namespace marty::rules {

struct SplitSide {
  std::string_view host, subset;  ///< as written; the subset may be empty
  std::vector<const Pods*> pods;  ///< it leads to; none when they are not in the files
  std::int64_t weight = 0;
  const Node* where = nullptr;  ///< the item
  std::size_t index = 0;        ///< of it
  const Node* weigh = nullptr;  ///< the weight; nullptr when it is not written
  std::string name() const;     ///< "pets v2"
  std::uint64_t replicas() const;
};

struct Split {
  const Resource& resource;
  const Place& list;
  std::vector<SplitSide> sides;  ///< two, at least
  std::string path(const SplitSide&) const;
};

/// Every route of a VirtualService and rule of an HTTPRoute (and its like) with several destinations here,
/// and every TrafficSplit. Destinations that are no Services of the files are left out.
void each_split(const Estate&, FunctionRef<void(const Split&)> see);

}  // namespace marty::rules
