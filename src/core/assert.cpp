#include "core/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace marty {

void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "marty: internal error at %s:%d: %s\nThis is a bug in marty, not in your files.\n",
               file, line, condition);
  std::abort();
}

}  // namespace marty
