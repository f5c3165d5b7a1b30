#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cluster/record_store.hpp"
#include "rollout/plan.hpp"

namespace marty::cluster {

struct ApplyRequest {
  std::string service, ns, mesh;
  std::vector<manifest::Resource> wanted;  ///< marked (rollout::marked)
  bool rollback = false;
  bool force_conflicts = false;
  Duration timeout = 5min;  ///< for all waiting together; 0: do not wait
};

/// What carrying out tells: `done` one line that stays, `busy` one that the next replaces.
struct Voice {
  std::function<void(const std::string&)> done, busy;
};

/// Why it did not come to its end, and how far it came.
struct Unfinished {
  Error error;
  bool not_ready = false;  ///< everything was applied, but something did not become ready in time
};

/// Carries out a plan: namespaces, the record of what is intended, a trial of what could not be tried before,
/// the stages with a wait between workloads and what sends traffic to them, removals, the record again.
/// Every step can be repeated: whatever it is interrupted at, the same call finishes it. Nothing is returned
/// when all is done.
std::optional<Unfinished> carry_out(Kubectl&, const ApplyRequest&, const rollout::Plan&, rollout::Survey&,
                                    const std::optional<rollout::Record>& before, const Voice&);

}  // namespace marty::cluster
