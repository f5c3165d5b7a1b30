#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace marty::policy {

/// The path as routes and authorization see it and as it is forwarded (Envoy normalize_path with Istio's BASE
/// mode): RFC 3986 dot segments removed ("%2e" counts as a dot), escapes of unreserved characters decoded,
/// "\" turned into "/", characters that may not stand in a path escaped. "//", "%2f" and the query stay as
/// sent. Returns `path` itself when nothing changes, else a view of `storage`; nothing when it holds a NUL,
/// escaped or not (answer 400). A path that does not begin with "/" ("*") is left alone.
std::optional<std::string_view> normalize_path(std::string_view path, std::string& storage);

}  // namespace marty::policy
