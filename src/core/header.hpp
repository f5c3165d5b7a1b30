#pragma once

#include <string_view>

namespace marty {

/// One field line of a message, as views into somebody else's bytes.
struct Header {
  std::string_view name, value;
};

}  // namespace marty
