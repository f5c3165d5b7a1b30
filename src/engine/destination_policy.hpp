#pragma once

#include <string>
#include <vector>

#include "mesh/model.hpp"

namespace marty::engine {

/// What a client in namespace `client_ns` is told about one service: the subsets and policies of the
/// DestinationRules that apply to it (istio.md 2.9).
class DestinationView {
 public:
  DestinationView(const mesh::Model&, const std::string& client_ns, const mesh::Service&);

  /// Nullptr when no rule defines it. Of two with one name the first counts.
  const mesh::Subset* subset(std::string_view name) const;
  /// Of the host, with the blocks a subset sets in their place: whole blocks, never single fields.
  mesh::TrafficPolicy policy(const mesh::Subset*) const;
  /// Of the host-level policy, unknown when there is none.
  Origin origin() const;

 private:
  std::vector<const mesh::DestinationPolicy*> rules_;  // of the deciding namespace, oldest first
};

}  // namespace marty::engine
