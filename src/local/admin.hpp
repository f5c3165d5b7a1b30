#pragma once

#include "http/server.hpp"

namespace marty::local {

class LocalMesh;

/// The admin page of a local mesh: `/` says what there is. Loopback only, read-only, and its handler runs on
/// the mesh's loop. The mesh must outlive it.
http::Server::Handler admin_handler(const LocalMesh& mesh);

}  // namespace marty::local
