#pragma once

#include <netinet/in.h>
#include <sys/un.h>

#include <string>

#include "core/actor.hpp"
#include "core/result.hpp"
#include "io/fd.hpp"

namespace marty::io {

/// A parsed Address: IPv4 "a.b.c.d:port" or "unix:/path" (at most 107 bytes of path).
struct SocketAddress {
  union {
    sockaddr any;
    sockaddr_in ip;
    sockaddr_un local;
  };
  socklen_t size = 0;

  SocketAddress() : local{} {}
  bool is_unix() const { return any.sa_family == AF_UNIX; }
  /// "127.0.0.1:80" or "unix:/path"; "unix:" for an unnamed socket.
  std::string text() const;
};

Result<SocketAddress> parse_address(const Address&);
/// The socket's own end, as bound by the kernel.
SocketAddress local_address(int fd);

/// A non-blocking listening socket. Unix paths get mode 0600; a socket file nobody listens on is replaced,
/// anything else in its place is an error. An address in use names the command that shows who holds it.
Result<Fd> open_listener(const SocketAddress&);

}  // namespace marty::io
