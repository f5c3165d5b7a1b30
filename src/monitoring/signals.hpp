#pragma once

#include <optional>

#include "mesh/mesh_kind.hpp"
#include "mesh/policy_file.hpp"
#include "monitoring/promql.hpp"

namespace marty::monitoring {

/// How a mesh's own metrics tell about one service: the only part of monitoring that knows which mesh it is.
/// Each number is taken on one side only (Istio's reporter, Linkerd's direction): both sides count every
/// request, so a sum over both would be twice the truth.
struct Signals {
  /// What the service's own sidecars answered, and of that with an error. Not what never reached them.
  Selector answered, failed;
  /// Time of these answers, in milliseconds.
  Selector latency;
  /// Of `answered`, over mutual TLS.
  Selector encrypted;
  std::string version;  ///< label of the four that tells the version

  /// What the callers' applications got in the end, retries done, and of that what is no failure. Calls that
  /// never reached the service count, faults injected on purpose do not.
  Selector called, succeeded;
  std::string caller_labels;  ///< of the two, that together name the calling workload: "namespace, workload"
  std::string reasons;        ///< label names that tell why a call failed

  /// Gauges of the callers' sidecars, above 0 while something is held back from the service.
  struct Breaker {
    std::string limit;  ///< what is reached: "connections", "ejection"
    Selector gauge;
  };
  std::vector<Breaker> breakers;
  std::string breaker_target, breaker_pattern;  ///< a label, and what its first group takes the version from

  /// Tries sent in vain before; with `first_tries` they are the difference.
  Selector retries;
  std::optional<Selector> first_tries;
  Selector rate_limited;

  /// Labels of one series for each case, for the rules' own tests.
  struct Examples {
    Labels answer, failed_answer, slow_answer;
    Labels call, failed_call;
    std::optional<Labels> uncounted_call, uncounted_answer;  ///< injected, probe: must change nothing
    Labels breaker;
    std::string caller, breaker_caller, target;  ///< as the rules name them
  } examples;
};

Signals signals(const mesh::PolicyFile&, mesh::MeshKind);
Signals istio_signals(const mesh::PolicyFile&);
Signals linkerd_signals(const mesh::PolicyFile&);

}  // namespace marty::monitoring
