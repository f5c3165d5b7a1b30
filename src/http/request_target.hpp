#pragma once

#include "http/parser.hpp"

namespace marty::http {

/// host [":" port] as in a Host line or an absolute-form target: RFC 3986 3.2 without userinfo, which RFC
/// 9110 4.2.4 wants treated as an error, and with a port below 65536.
bool is_authority(std::string_view text);

enum class TargetForm { kValid, kMalformed };

/// Takes `head.target` apart by its form (RFC 9112 3.2) into scheme, authority and path.
TargetForm split_target(RequestHead& head);

}  // namespace marty::http
