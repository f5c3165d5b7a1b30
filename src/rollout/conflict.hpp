#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace marty::rollout {

/// Fields of an object that somebody else has set to another value, so that a server-side apply is refused.
struct Conflict {
  std::string manager;              ///< "kubectl-client-side-apply", "helm", "hpa-controller"
  std::string since;                ///< "using apps/v1 at 2025-01-01T00:00:00Z"; may be empty
  std::vector<std::string> fields;  ///< ".spec.replicas"
};

/// From what kubectl says (the API server's text, apimachinery managedfields/internal/conflict). Empty when
/// the message is about something else.
std::vector<Conflict> parse_conflicts(std::string_view kubectl_says);

}  // namespace marty::rollout
