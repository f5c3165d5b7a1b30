#pragma once

#include <functional>
#include <string>

#include "core/result.hpp"
#include "io/loop.hpp"

namespace marty::local {

/// Reads a page of a local mesh's admin address ("127.0.0.1:15000"), running turns of the loop meanwhile. An
/// Error when nobody answers with 200 within 2 s, or when cancelled.
Result<std::string> read_admin_page(io::Loop&, const std::string& address, const std::string& path,
                                    const std::function<bool()>& cancelled);

}  // namespace marty::local
