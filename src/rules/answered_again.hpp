#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/program.hpp"

namespace marty::rules {

/// After which answers a route sends a request again, whichever mesh it is of. Connections that were never
/// made are left out: Istio tries those again unasked, Linkerd's proxy picks another pod.
struct AnsweredAgain {
  std::vector<policy::StatusRetry::Range> statuses;  ///< none: never
  std::optional<std::uint32_t> retries;              ///< unset: as many as a budget lets through
  std::optional<Duration> per_try;
  bool connections = false;  ///< whether failed connections and resets are tried again as such
  bool written = false;      ///< false: what the mesh does unasked
  Origin origin;
  bool never() const { return statuses.empty(); }
  /// "sent again up to 3 times after 502-504, 2s for each try".
  std::string text() const;
};
AnsweredAgain answered_again(const engine::ProgramRoute&);

}  // namespace marty::rules
