#pragma once

#include <functional>

#include "cluster/objects.hpp"
#include "rollout/status.hpp"

namespace marty::cluster {

/// Reads what rollout::evaluate judges. `known` says which service; the rest is filled in. What may not be
/// read (other namespaces, trial applies) is noted in the evidence; an Error means that there is no cluster
/// to read at all.
Status gather(Kubectl&, rollout::Evidence& known, const std::function<void(const std::string&)>& busy);

}  // namespace marty::cluster
