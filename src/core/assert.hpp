#pragma once

namespace marty {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);
}

/// Our own mistakes only, never data from outside. Stays on in release builds.
#define MARTY_ASSERT(condition) \
  ((condition) ? void(0) : ::marty::assertion_failed(#condition, __FILE__, __LINE__))
