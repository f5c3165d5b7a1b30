#pragma once

#include "petstore/options.hpp"

namespace marty::petstore {

/// Runs the service until SIGTERM or SIGINT and drains it; a second signal ends it at once. Errors are those
/// of the start: a port in use, a database that cannot be opened. Blocks both signals in the calling thread
/// for good.
Status run(const Options& options);

}  // namespace marty::petstore
