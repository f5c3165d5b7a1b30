#pragma once

#include <string_view>

#include "core/result.hpp"

namespace marty::rollout {

/// What a failed kubectl means and what to type next. `doing` is what we wanted ("reading the cluster").
Error kubectl_error(std::string_view doing, std::string_view kubectl_says);

/// No cluster answers at all: not there, not reachable, or none is configured.
bool is_unreachable(std::string_view kubectl_says);
/// The server answers, but does not let us.
bool is_forbidden(std::string_view kubectl_says);

/// How to install what defines kinds of an API group ("networking.istio.io"); empty when we do not know.
std::string_view how_to_install(std::string_view group);

}  // namespace marty::rollout
