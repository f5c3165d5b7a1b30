#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace marty::rollout {

/// What kustomize::base64 has written, or anybody else after RFC 4648 section 4 with padding. Nothing when
/// the text is something else.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace marty::rollout
