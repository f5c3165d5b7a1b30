#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dialect/kubernetes/network_policy.hpp"
#include "rules/estate.hpp"

namespace marty::rules {

/// Why something does not get through, and where that is written.
struct Refusal {
  std::string text;
  SourceRange where;
};

/// What NetworkPolicies let through between the pods of the files, below any mesh. Doubts (peers by address,
/// labels of namespaces that are not in the files) count as let through.
class Connections {
 public:
  explicit Connections(const Estate&);
  /// Why a TCP connection to a port of these pods is dropped; nothing when it is let through.
  std::optional<Refusal> refused(const Pods& from, const Pods& to, std::uint16_t port) const;

 private:
  struct Policy {
    const Resource* resource;
    dialect::kubernetes::NetworkPolicy spec;
  };
  std::vector<const Policy*> about(const Pods&, dialect::kubernetes::NetworkPolicy::Direction) const;
  bool is(const dialect::kubernetes::NetworkPolicy::Peer&, std::string_view own_ns, const Pods&) const;
  mesh::Labels labels_of(std::string_view ns) const;

  const Estate& estate_;
  std::map<std::string, std::vector<Policy>, std::less<>> by_namespace_;
};

}  // namespace marty::rules
