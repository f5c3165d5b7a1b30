#pragma once

#include <functional>
#include <span>
#include <string>

#include "cluster/kubectl.hpp"
#include "manifest/resource.hpp"

namespace marty::cluster {

/// Asks once a second until every object is ready (rollout::readiness). Answers what is not, and how to look
/// further, when one failed or the deadline has passed; an empty text when all are. A server that does not
/// answer for a while is waited for; an Error is any other trouble with kubectl.
Result<std::string> wait_until_ready(Kubectl&, std::span<const manifest::Resource>, Instant deadline,
                                     const std::function<void(const std::string&)>& busy);

}  // namespace marty::cluster
