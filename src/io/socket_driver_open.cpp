#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "io/socket_driver.hpp"

namespace marty::io {
namespace {

constexpr int kAcceptsPerTurn = 64;
constexpr Duration kHandshakeTimeout = 10s;
constexpr char kTlsHandshakeRecord = 0x16;  // RFC 8446 section 5.1

bool out_of_resources(int error_number) {
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOBUFS ||
         error_number == ENOMEM;
}

ClosedBy connect_failure(int error_number) {
  return error_number == ETIMEDOUT ? ClosedBy::kConnectTimeout : ClosedBy::kRefused;
}

/// Without reserving a port: the kernel picks one when it knows where to.
bool come_from(int fd, std::string_view source) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  const std::string text(source);
  if (::inet_pton(AF_INET, text.c_str(), &from.sin_addr) != 1) {
    errno = EINVAL;
    return false;
  }
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0;
}

}  // namespace

Connection& SocketDriver::add(int fd, LoopTransport& owner) {
  Connection& c = table_.add();
  c.driver = this;
  c.fd = fd;
  c.owner = &owner;
  return c;
}

/// Registers the socket, once for its life.
bool SocketDriver::enroll(Connection& c) {
  epoll_event event{};
  // A unix socket announces EPOLLOUT each time its peer reads; there it is asked for only when needed.
  c.wants_writable = !c.local;
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET | (c.wants_writable ? EPOLLOUT : 0u);
  event.data.u64 = static_cast<std::uint64_t>(c.id);
  return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event) == 0;
}

void SocketDriver::accept(Listener& listener) {
  const auto keep =
      listener.shared_from_this();  // the actor may stop listening while it is told of a connection
  for (int i = 0; i < kAcceptsPerTurn && listener.fd; ++i) {
    sockaddr_storage remote{};
    socklen_t size = sizeof remote;
    const int fd = ::accept4(listener.fd.get(), reinterpret_cast<sockaddr*>(&remote), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EAGAIN) return;
      if (!out_of_resources(errno))
        continue;  // the client gave up, or a network error meant for it (accept(2))
      ++loop_.stats_.listener_pauses;
      return listener.pause_briefly();
    }
    Connection& c = add(fd, listener.owner);
    c.local = listener.address.is_unix();
    if (!c.local) c.remote_ip = reinterpret_cast<const sockaddr_in&>(remote);
    c.listener = listener.id;
    c.security = listener.security;
    c.state = State::kSniffing;
    c.writable = true;
    if (!enroll(c)) {
      destroy(c);
    } else if (c.security == Security::kPlaintext) {
      announce(c);
    } else {
      loop_.arm(c, loop_.now() + kHandshakeTimeout);
    }
  }
}

ConnId SocketDriver::connect(LoopTransport& owner, const Address& address, const ConnectOptions& options) {
  Connection& c = add(-1, owner);
  c.outbound = true;
  c.state = State::kConnecting;
  c.security = options.security;
  loop_.arm(c, loop_.now() + options.timeout);
  auto parsed = parse_address(address);
  if (!parsed) {
    fail_connect(c, EINVAL);
  } else {
    open_socket(c, *parsed, options);
  }
  return c.id;
}

void SocketDriver::open_socket(Connection& c, const SocketAddress& address, const ConnectOptions& options) {
  c.local = address.is_unix();
  if (!c.local) c.remote_ip = address.ip;
  if (options.security != Security::kPlaintext) {
    if (!c.owner->tls_) {
      c.end = ClosedBy::kTlsFailure;
      return queue(c);
    }
    c.tls = std::make_unique<TlsSession>(
        c.owner->tls_, TlsSession::Role::kClient, pool_, std::string(options.server_name),
        std::vector<std::string>(options.expected_identities.begin(), options.expected_identities.end()));
  }
  c.fd = ::socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c.fd < 0) return fail_connect(c, errno);
  const int on = 1;
  if (!c.local) ::setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!options.source.empty() && !come_from(c.fd, options.source)) return fail_connect(c, errno);
  const int result = ::connect(c.fd, &address.any, address.size);
  if (result != 0 && errno != EINPROGRESS) return fail_connect(c, errno);
  if (!enroll(c)) return fail_connect(c, errno);
  if (result == 0) queue(c);
}

void SocketDriver::fail_connect(Connection& c, int error_number) {
  c.end = connect_failure(error_number);
  queue(c);
}

void SocketDriver::finish_connect(Connection& c) {
  if (c.failed || c.ended) {
    int error_number = 0;
    socklen_t size = sizeof error_number;
    ::getsockopt(c.fd, SOL_SOCKET, SO_ERROR, &error_number, &size);
    if (error_number != 0) {
      c.end = connect_failure(error_number);
      return;
    }
  }
  c.writable = true;
  if (!c.tls) return announce(c);
  c.state = State::kHandshaking;
  on_handshake_bytes(c, {});
}

void SocketDriver::announce(Connection& c) {
  loop_.disarm(c);
  c.state = State::kOpen;
  if (c.has_unsent()) mark_dirty(c);
  if (c.outbound) {
    ++loop_.stats_.connected;
    c.owner->actor().on_connected(loop_.now(), c.id);
  } else {
    ++loop_.stats_.accepted;
    c.owner->actor().on_accepted(loop_.now(), c.listener, c.id);
  }
}

void SocketDriver::on_first_byte(Connection& c, std::string_view bytes) {
  if (bytes.front() == kTlsHandshakeRecord) {
    c.tls = std::make_unique<TlsSession>(c.owner->tls_, TlsSession::Role::kServer, pool_);
    c.state = State::kHandshaking;
    return on_handshake_bytes(c, bytes);
  }
  if (c.security != Security::kPermissive)
    return reject(c, ClosedBy::kPlaintext, "plaintext where TLS is required");
  announce(c);
  if (c.state == State::kOpen) show(c, bytes);
}

void SocketDriver::on_handshake_bytes(Connection& c, std::string_view bytes) {
  note_tls_use(c);
  const auto progress = c.tls->handshake(bytes, c.wire);
  if (!c.wire.empty()) mark_dirty(c);
  if (progress == TlsSession::Progress::kMore) return;
  if (progress == TlsSession::Progress::kDone) {
    announce(c);
    if (c.state == State::kOpen && !bytes.empty()) receive_cipher(c, bytes);
  } else if (c.outbound) {
    c.end = ClosedBy::kTlsFailure;
  } else {
    reject(c, ClosedBy::kTlsFailure, c.tls->failure());
  }
}

/// An incoming connection that never became the actor's.
void SocketDriver::reject(Connection& c, ClosedBy why, std::string_view reason) {
  LoopStats& stats = loop_.stats_;
  ++(why == ClosedBy::kPlaintext    ? stats.rejected_plaintext
     : why == ClosedBy::kTlsFailure ? stats.rejected_tls
                                    : stats.rejected_timeout);
  c.ending = true;
  if (c.owner->rejected_) c.owner->rejected_(loop_.now(), c.listener, why, peer(c.id).remote, reason);
  if (why == ClosedBy::kTlsFailure && !c.wire.empty()) return begin_close(c);  // the alert tells the peer why
  reset(c);
}

void SocketDriver::on_deadline(Connection& c) {
  if (c.state == State::kFlushing || c.state == State::kLingering) return destroy(c);
  if (!c.outbound) return reject(c, ClosedBy::kConnectTimeout, "no complete handshake in time");
  c.end = ClosedBy::kConnectTimeout;
  tell_end(c);
}

}  // namespace marty::io
