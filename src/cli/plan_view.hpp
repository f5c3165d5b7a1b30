#pragma once

#include <string>

#include "cli/cluster_session.hpp"
#include "cluster/objects.hpp"
#include "rollout/plan.hpp"

namespace marty::cli {

/// What a plan is about, for its heading and its JSON.
struct PlanContext {
  const ClusterService& service;
  cluster::Target target;  ///< empty when no cluster was asked
  std::string dry_run;     ///< "client", "server" or empty
};

/// One line per object, below it its changed fields with the manifest line of each new value, and conflicts.
/// Unchanged objects are counted, not listed.
std::string plan_table(const rollout::Plan&, const SourceMap&, Color);

/// {"schema":"marty/v1","service","mesh","namespace","context","dryRun",
///  "result": "planned"|"applied"|"unchanged"|"refused"|"unfinished",
///  "objects":[{"kind","group","namespace","name","action","origin",
///    "changes":[{"path","before","after","origin"}],"previewed",
///    "conflicts":[{"manager","since","fields"}]}],
///  "counts":{"create","change","unchanged","prune","unknown"}}
/// action: create, change, unchanged, prune, unknown. before, after and origin are null when there is none.
std::string plan_json(const rollout::Plan&, const PlanContext&, const SourceMap&, std::string_view result);

/// "2 to create, 1 to change, 12 unchanged, 1 to prune".
std::string plan_summary(const rollout::Plan&);

}  // namespace marty::cli
