#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/origin.hpp"

namespace marty::policy {

enum class MtlsMode : std::uint8_t { kUnset, kDisable, kPermissive, kStrict };

/// One PeerAuthentication. Effective mode of a workload port: port level → workload (selector) → namespace →
/// mesh (root namespace, no selector) → permissive; unset inherits; of several in one scope the first wins.
struct MtlsPolicy {
  std::string ns, name;
  std::map<std::string, std::string> selector;  ///< empty: the whole namespace
  Sourced<MtlsMode> mode{MtlsMode::kUnset};
  std::map<std::uint16_t, Sourced<MtlsMode>> ports;  ///< by workload port
  Origin origin;
  friend bool operator==(const MtlsPolicy& a, const MtlsPolicy& b) {
    return a.ns == b.ns && a.selector == b.selector && a.mode == b.mode && a.ports == b.ports;
  }
};

/// The mode in force and where it was written (unknown origin: the mesh's default).
Sourced<MtlsMode> effective_mtls(const std::vector<MtlsPolicy>&, const std::string& ns,
                                 const std::map<std::string, std::string>& labels, std::uint16_t port,
                                 const std::string& root_namespace = "istio-system");

}  // namespace marty::policy
