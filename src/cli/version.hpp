#pragma once

#include <string_view>

namespace marty::cli {
inline constexpr std::string_view kVersion =
    "0.1.0";  ///< as in the top CMakeLists.txt, which a test compares
}
