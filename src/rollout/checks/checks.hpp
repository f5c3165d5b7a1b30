#pragma once

#include "rollout/status.hpp"

namespace marty::rollout::checks {

#define CHECK(x) void x(const Evidence&, Report&);
#include "rollout/checks/checks.inc"
#undef CHECK

}  // namespace marty::rollout::checks
