#pragma once

#include <cstdint>
#include <string_view>

namespace marty::rules {

/// Whether a list of ports and ranges, "25,8000-8080", as Linkerd's annotations have it, names one.
bool lists_port(std::string_view list, std::uint16_t wanted);

}  // namespace marty::rules
