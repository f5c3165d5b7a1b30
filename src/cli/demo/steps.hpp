#pragma once

#include "cli/demo/story.hpp"

namespace marty::cli::demo {

namespace steps {
#define STEP(x) extern const Step x;
#include "cli/demo/steps.inc"
#undef STEP
}  // namespace steps

}  // namespace marty::cli::demo
