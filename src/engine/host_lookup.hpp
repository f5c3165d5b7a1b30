#pragma once

#include <optional>

#include "engine/program.hpp"
#include "policy/request_view.hpp"

namespace marty::engine {

/// The virtual host of a request: a name of the mesh in any case, with its port or without (then the one the
/// request came to). Allocates nothing.
std::optional<std::uint32_t> find_host(const Program&, const policy::RequestView&);

}  // namespace marty::engine
