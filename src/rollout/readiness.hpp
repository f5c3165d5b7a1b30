#pragma once

#include <string>

#include "manifest/resource.hpp"

namespace marty::rollout {

/// Whether an object does what it was made for, by its own status.
struct Readiness {
  enum class State { kReady, kPending, kFailed };
  State state = State::kReady;
  std::string why;  ///< "2 of 3 pods are ready", "not accepted: NoMatchingParent"; empty when ready at once
};

/// Deployments, StatefulSets and DaemonSets by their pods, routes by the conditions of their parents; other
/// kinds are ready as soon as they exist. An object without a status yet is pending.
Readiness readiness(const manifest::Resource& live);

/// Pods of a workload.
struct Replicas {
  std::int64_t wanted = 0, updated = 0, ready = 0, available = 0, total = 0;
};
Replicas replicas(const manifest::Resource& workload);

}  // namespace marty::rollout
