#pragma once

#include <string>
#include <vector>

#include "mesh/policy_file.hpp"

/// Who may send which request, for meshes where the one route that matches a request best decides alone:
/// there two rules that open the same request must be written on the same route.
namespace marty::mesh {

/// A part of the requests: a path, "/prefix/*", "*/suffix" or "*", and a method (empty: any).
struct RequestPattern {
  std::string path, method;
  friend bool operator==(const RequestPattern&, const RequestPattern&) = default;
};

/// Requests that the same callers may send.
struct Permissions {
  enum class Who {
    kAnybody,      ///< the kubelet's probes, which have no identity
    kWholeMesh,    ///< whoever has an identity
    kTheseCallers  ///< those of `rules`, of any of them
  };
  Who who = Who::kAnybody;
  /// In file order: who may send them; of kAnybody those that would let in fewer.
  std::vector<const PolicyFile::Allow*> rules;
  std::vector<RequestPattern> requests;

  /// "probes", or the rules' names joined: "callers", "callers-admins".
  std::string name() const;
};

/// security.allow and the probes of the service's port, split so that a request belongs where its longest
/// path and then its method says. Exact for paths and prefixes; a request that matches a suffix besides a
/// longer prefix belongs to the suffix, as a mesh that counts a regular expression as long as its match
/// decides. What is in none is nobody's.
std::vector<Permissions> permissions(const PolicyFile&, MeshKind);

}  // namespace marty::mesh
