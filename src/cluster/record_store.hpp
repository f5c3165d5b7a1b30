#pragma once

#include <optional>

#include "cluster/kubectl.hpp"
#include "rollout/record.hpp"

namespace marty::cluster {

/// The record of a service; nothing when it has none.
Result<std::optional<rollout::Record>> read_record(Kubectl&, const std::string& service,
                                                   const std::string& ns);
/// Writes it, unless somebody else has since it was read: then an Error. Updates its resource version.
Status write_record(Kubectl&, rollout::Record&, const std::string& service, const std::string& ns);

}  // namespace marty::cluster
