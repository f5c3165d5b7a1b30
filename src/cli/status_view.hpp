#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/cluster_session.hpp"
#include "cluster/objects.hpp"
#include "rollout/live_rates.hpp"
#include "rollout/status.hpp"

namespace marty::cli {

/// One look at a service, in a cluster, on this machine, or both.
struct StatusShot {
  const ClusterService* service = nullptr;
  std::optional<cluster::Target> cluster;  ///< nothing: none was reached, and `no_cluster` says why
  std::string no_cluster;
  std::vector<rollout::Check> checks;
  std::optional<std::string> local;  ///< the admin address of the local mesh that answered
  bool local_ready = false;
  std::vector<rollout::Rates> rates;

  std::size_t count(rollout::Level) const;
};

/// In the manner of `linkerd check`: √ ‼ × (or ok, warn, FAIL in plain text), below each line that is not
/// fine where to look and how to mend it.
enum class Symbols { kPlain, kUnicode };
std::string status_table(const StatusShot&, Symbols, Color);

/// {"schema":"marty/v1","service","namespace","mesh",
///  "cluster":{"context","server"}|null,
///  "checks":[{"section","level":"ok"|"warning"|"failed","subject","says","look","mend"}],
///  "local":{"admin","ready","rates":[{"service","requestsPerSecond","successPercent","p50Ms","p99Ms",
///    "mutualTlsPercent"}]}|null,
///  "summary":{"ok","warning","failed"}}
/// look, mend and the figures of a service without requests are null. One line, or indented.
std::string status_json(const StatusShot&, bool one_line);

}  // namespace marty::cli
