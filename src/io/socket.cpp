#include "io/socket.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace marty::io {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr int kBacklog = 4096;

Error bad_address(const Address& address, std::string_view why) {
  return {ErrorCode::kInput, fmt::format("'{}' is not an address: {}", address.text, why),
          "write it as a.b.c.d:port (numeric) or unix:/path"};
}

Result<SocketAddress> parse_unix(const Address& address) {
  const std::string path = address.text.substr(kUnixPrefix.size());
  SocketAddress parsed;
  if (path.empty()) return bad_address(address, "the path is missing");
  if (path.size() >= sizeof parsed.local.sun_path) {
    return bad_address(address, "a socket path can have at most 107 bytes");
  }
  parsed.local.sun_family = AF_UNIX;
  std::memcpy(parsed.local.sun_path, path.c_str(), path.size() + 1);
  parsed.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return parsed;
}

/// Removes a socket file that a dead process left behind.
Status clear_stale_path(const SocketAddress& address) {
  const char* const path = address.local.sun_path;
  struct stat status {};
  if (::lstat(path, &status) != 0) return ok();
  if (!S_ISSOCK(status.st_mode)) {
    return Error{ErrorCode::kEnvironment, fmt::format("{} exists and is not a socket", path),
                 "remove it or choose another path"};
  }
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool alive = ::connect(probe.get(), &address.any, address.size) == 0 || errno == EAGAIN;
  if (alive) {
    return Error{ErrorCode::kEnvironment, fmt::format("unix:{} is in use by a running process", path),
                 fmt::format("find it with: ss -lxp src {}", path)};
  }
  if (::unlink(path) != 0) return os_error(fmt::format("removing the stale socket {}", path), errno);
  return ok();
}

Error listen_failed(const SocketAddress& address, int error_number) {
  const std::string doing = "listening on " + address.text();
  if (address.is_unix()) return os_error(doing, error_number);
  const int port = ntohs(address.ip.sin_port);
  if (error_number == EADDRINUSE) {
    return os_error(doing, error_number, fmt::format("see who holds it: ss -ltnp 'sport = :{}'", port));
  }
  if (error_number == EADDRNOTAVAIL) {
    return os_error(doing, error_number,
                    "use an address of this machine (ip -brief address), or one in 127.0.0.0/8");
  }
  if (error_number == EACCES)
    return os_error(doing, error_number, "ports below 1024 need root; choose a higher port");
  return os_error(doing, error_number);
}

}  // namespace

std::string SocketAddress::text() const {
  if (is_unix()) {
    const bool named = size > offsetof(sockaddr_un, sun_path);
    return std::string(kUnixPrefix) + (named ? local.sun_path : "");
  }
  char host[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &ip.sin_addr, host, sizeof host);
  return fmt::format("{}:{}", host, ntohs(ip.sin_port));
}

Result<SocketAddress> parse_address(const Address& address) {
  if (address.text.starts_with(kUnixPrefix)) return parse_unix(address);
  const std::size_t colon = address.text.rfind(':');
  if (colon == std::string::npos) return bad_address(address, "the port is missing");
  SocketAddress parsed;
  parsed.ip.sin_family = AF_INET;
  parsed.size = sizeof parsed.ip;
  if (::inet_pton(AF_INET, address.text.substr(0, colon).c_str(), &parsed.ip.sin_addr) != 1) {
    return bad_address(address, "the host is not four numbers with dots");
  }
  std::uint16_t port = 0;
  const char* const end = address.text.data() + address.text.size();
  const auto [stop, error] = std::from_chars(address.text.data() + colon + 1, end, port);
  if (error != std::errc{} || stop != end)
    return bad_address(address, "the port is not a number from 0 to 65535");
  parsed.ip.sin_port = htons(port);
  return parsed;
}

SocketAddress local_address(int fd) {
  SocketAddress address;
  address.size = sizeof address.local;
  if (::getsockname(fd, &address.any, &address.size) != 0) address.size = 0;
  return address;
}

Result<Fd> open_listener(const SocketAddress& address) {
  if (address.is_unix()) MARTY_TRY(clear_stale_path(address));
  Fd fd(::socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return os_error("opening a socket for " + address.text(), errno);
  const int on = 1;
  if (address.is_unix()) {
    ::fchmod(fd.get(),
             0600);  // on Linux the file made by bind() takes the socket's mode: no moment with wider access
  } else {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted sockets inherit it
  }
  if (::bind(fd.get(), &address.any, address.size) != 0) return listen_failed(address, errno);
  if (::listen(fd.get(), kBacklog) != 0) return listen_failed(address, errno);
  return fd;
}

}  // namespace marty::io
