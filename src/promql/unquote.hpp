#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace marty::promql {

/// What stands between two quotes, with Go's escapes resolved; nothing when one is wrong.
std::optional<std::string> unquote(std::string_view inside, char quote);

}  // namespace marty::promql
