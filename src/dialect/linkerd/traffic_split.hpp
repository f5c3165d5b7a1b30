#pragma once

#include "dialect/linkerd/parts.hpp"

/// TrafficSplit (split.smi-spec.io v1alpha1, v1alpha2), linkerd.md 1.11. Linkerd's SMI extension writes it
/// into the ServiceProfile of the same Service as `dstOverrides`, so it takes part in everything a profile
/// switches off.
namespace marty::dialect::linkerd {

struct TrafficSplit {
  static constexpr const char* kKind = "TrafficSplit";
  struct Backend {
    Text service;
    Sourced<IntOrString> weight;  ///< relative; see thousandths()
    Origin origin;
  };
  Text service;  ///< the apex, in the same namespace
  std::vector<Backend> backends;
};
const manifest::Table& fields(Tag<TrafficSplit>);

}  // namespace marty::dialect::linkerd
