#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "manifest/resource.hpp"
#include "rollout/compare.hpp"
#include "rollout/conflict.hpp"
#include "rollout/kinds.hpp"

/// What `apply-policies` will do, computed from what is wanted and what is there.
namespace marty::rollout {

/// Marks what apply-policies has put into a cluster; only what carries both is ever pruned.
constexpr std::string_view kManagedBy = "app.kubernetes.io/managed-by";
constexpr std::string_view kServiceLabel = "marty.dev/service";
/// Who owns the fields we apply.
constexpr std::string_view kFieldManager = "marty";

/// "app.kubernetes.io/managed-by=marty,marty.dev/service=pets".
std::string selector_of(const std::string& service);

/// The objects as they are applied: with the labels (Namespaces go without the service's: several services
/// may share one), with their namespace written out.
std::vector<manifest::Resource> marked(std::vector<manifest::Resource>, const std::string& service);

enum class Action {
  kCreate,
  kChange,
  kUnchanged,
  kPrune,
  kUnknown,  ///< no cluster was asked
};
std::string_view to_string(Action);

/// One object of the plan.
struct Planned {
  Key key;
  Stage stage = Stage::kOther;
  Action action = Action::kUnknown;
  Origin origin;                     ///< where the manifest begins to speak of it; unknown for kPrune
  std::vector<FieldChange> changes;  ///< of kChange
  std::vector<Conflict> conflicts;   ///< others own fields that we want to set
  bool previewed = false;            ///< the changes are the server's answer, not our guess
  const manifest::Resource* wanted = nullptr;  ///< nullptr for kPrune; owned by the caller of make_plan
};

/// What is known of the cluster.
struct Survey {
  bool reached = false;
  std::map<Key, manifest::Resource> live;     ///< of the wanted objects those that exist
  std::map<Key, manifest::Resource> preview;  ///< what the server would make of them, when it was asked
  std::map<Key, std::vector<Conflict>> conflicts;
  std::vector<manifest::Resource> marked;  ///< everything there that carries our labels for the service
};

struct Plan {
  std::vector<Planned> objects;  ///< in the order of execution: stages, in them as written; removals last
  std::size_t count(Action) const;
  bool changes_anything() const;
  std::size_t conflicts() const;
};

Plan make_plan(std::span<const manifest::Resource> wanted, const Survey&);

}  // namespace marty::rollout
