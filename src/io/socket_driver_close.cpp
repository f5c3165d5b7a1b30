#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "io/socket_driver.hpp"

namespace marty::io {
namespace {

// Ciphertext made ahead of the socket: enough for one large send, little when the peer does not read.
constexpr std::size_t kEncryptBytes = 64 * 1024;
constexpr Duration kFlushTimeout = 10s;  ///< without any progress
constexpr Duration kLingerTimeout = 1s;
constexpr std::uint32_t kLingerBytes = 1 << 20;
constexpr std::size_t kDropPiece = 64 * 1024;

}  // namespace

void SocketDriver::end_turn() {
  // Sending calls no actor, so the list cannot grow under this loop.
  for (const ConnId id : dirty_) {
    if (Connection* const c = table_.find(id)) flush(*c);
  }
  dirty_.clear();
  for (Connection* const c : dead_) {
    c->in.clear(pool_);
    c->plain.clear(pool_);
    c->wire.clear(pool_);
    table_.remove(*c);
  }
  dead_.clear();
}

void SocketDriver::flush(Connection& c) {
  c.dirty = false;
  if (c.state == State::kDead || c.state == State::kConnecting) return;
  const bool encrypts = c.tls && c.state != State::kHandshaking;
  while (c.writable && !c.failed && (!c.wire.empty() || (encrypts && !c.plain.empty()))) {
    if (encrypts && !c.plain.empty() && c.wire.size() < kEncryptBytes) {
      const std::string_view piece = c.plain.view().substr(0, kEncryptBytes);
      note_tls_use(c);
      c.tls->encrypt(piece, c.wire);
      c.plain.consume(pool_, piece.size());
      if (c.plain.empty() && c.state == State::kFlushing) c.tls->close_notify(c.wire);
    }
    send_wire(c);
  }
  if (c.failed) {
    c.wire.clear(pool_);
    c.plain.clear(pool_);
    if (c.state == State::kFlushing) return destroy(c);
    c.readable = true;
    return queue(c);  // what the peer sent before its reset is still worth reading
  }
  if (c.has_unsent()) {
    c.drain_watched = true;
  } else if (c.state == State::kFlushing) {
    start_linger(c);
  } else if (c.drain_watched && c.state == State::kOpen) {
    c.drain_watched = false;
    c.drained = true;
    queue(c);
  }
}

void SocketDriver::send_wire(Connection& c) {
  const std::string_view bytes = c.wire.view();
  const ssize_t n = ::send(c.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  ++loop_.stats_.sends;
  if (n < 0) {
    if (errno == EINTR) return;
    if (errno != EAGAIN) c.failed = true;
    c.writable = false;
    if (!c.failed) ask_writable(c);
    return;
  }
  const auto count = static_cast<std::size_t>(n);
  if (count < bytes.size()) {
    c.writable = false;
    ask_writable(c);
  }
  c.wire.consume(pool_, count);
  if (c.state == State::kFlushing && count > 0) loop_.arm(c, loop_.now() + kFlushTimeout);
}

void SocketDriver::ask_writable(Connection& c) {
  if (c.wants_writable) return;
  c.wants_writable = true;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = static_cast<std::uint64_t>(c.id);
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, c.fd, &event);
}

void SocketDriver::close(ConnId id) {
  Connection* const c = live(id);
  if (c == nullptr) return;
  if (c->state == State::kOpen) {
    begin_close(*c);
  } else {
    destroy(*c);
  }
}

void SocketDriver::abort(ConnId id) {
  if (Connection* const c = live(id)) reset(*c);
}

void SocketDriver::detach(LoopTransport& owner) {
  for (const auto& c : table_.slots()) {
    if (c->owner != &owner) continue;
    if (c->state == State::kOpen) {
      begin_close(*c);
    } else {
      destroy(*c);
    }
  }
}

void SocketDriver::begin_close(Connection& c) {
  c.owner = nullptr;
  c.end.reset();
  c.state = State::kFlushing;
  loop_.arm(c, loop_.now() + kFlushTimeout);
  if (c.tls && c.plain.empty()) c.tls->close_notify(c.wire);
  mark_dirty(c);
}

/// Everything is with the kernel, a close_notify included: now FIN.
void SocketDriver::start_linger(Connection& c) {
  ::shutdown(c.fd, SHUT_WR);
  c.state = State::kLingering;
  loop_.arm(c, loop_.now() + kLingerTimeout);
  linger(c);
}

/// Drops what a closed connection's peer still sends. Closing with bytes unread would send a reset, and that
/// can make the peer lose our last bytes (RFC 9112 section 9.6).
void SocketDriver::linger(Connection& c) {
  while (c.readable) {
    if (c.lingered_bytes > kLingerBytes) {
      if (c.state == State::kLingering) destroy(c);
      return;
    }
    const ssize_t n = ::recv(c.fd, received_.get(), kDropPiece, 0);
    ++loop_.stats_.receives;
    if (n > 0) {
      c.lingered_bytes += static_cast<std::uint32_t>(n);
      if (static_cast<std::size_t>(n) < kDropPiece && !c.ended) c.readable = false;
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    c.readable = false;
    const bool reset = n < 0 && errno != EAGAIN;
    if (reset || (n == 0 && c.state == State::kLingering)) return destroy(c);
  }
}

void SocketDriver::reset(Connection& c) {
  const struct linger at_once { 1, 0 };
  if (c.fd >= 0) ::setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  destroy(c);
}

void SocketDriver::destroy(Connection& c) {
  if (c.state == State::kDead) return;
  loop_.disarm(c);
  if (c.fd >= 0) ::close(c.fd);
  c.fd = -1;
  c.owner = nullptr;
  c.state = State::kDead;
  dead_.push_back(&c);
}

}  // namespace marty::io
