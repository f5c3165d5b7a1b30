#include "io/socket_driver.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace marty::io {
namespace {

constexpr std::size_t kReceiveBytes = 64 * 1024;
constexpr std::size_t kDecryptedBytes = kReceiveBytes + TlsSession::kExtraPlain;
// What one connection may receive before the others have their turn.
constexpr std::size_t kReceiveBudget = 4 * kReceiveBytes;
// An actor that leaves more than this unconsumed without pausing has lost its peer's framing.
constexpr std::size_t kUnconsumedMax = 1 << 20;
// Releasing TLS buffers after every record would cost an allocation per request; after a second it costs
// nothing.
constexpr Duration kTlsQuiet = 250ms;

}  // namespace

SocketDriver::SocketDriver(Loop& loop, int epoll)
    : loop_(loop), epoll_(epoll), received_(new char[kReceiveBytes]), decrypted_(new char[kDecryptedBytes]) {}

SocketDriver::~SocketDriver() {
  loop_.disarm(quiet_tls_);
  for (const auto& connection : table_.slots()) {
    loop_.disarm(*connection);
    if (connection->fd >= 0) ::close(connection->fd);
  }
}

/// The connection behind an actor's id, unless it is closed or being told so.
Connection* SocketDriver::live(ConnId id) {
  Connection* const c = table_.find(id);
  return c != nullptr && c->owner != nullptr && !c->ending ? c : nullptr;
}

void SocketDriver::mark_dirty(Connection& c) {
  if (c.dirty) return;
  c.dirty = true;
  dirty_.push_back(c.id);
}

void SocketDriver::queue(Connection& c) {
  if (c.queued) return;
  c.queued = true;
  ready_.push_back(c.id);
}

void SocketDriver::write(ConnId id, std::string_view bytes) {
  Connection* const c = live(id);
  if (c == nullptr || bytes.empty() || c->failed) return;
  (c->tls ? c->plain : c->wire).append(pool_, bytes);
  mark_dirty(*c);
}

std::size_t SocketDriver::unsent(ConnId id) {
  Connection* const c = live(id);
  if (c == nullptr) return 0;
  const std::size_t bytes = c->unsent();
  // Whoever looks and sees bytes may stop producing until on_drained, even if this turn's flush takes them
  // all.
  if (bytes > 0) c->drain_watched = true;
  return bytes;
}

void SocketDriver::pause(ConnId id, bool paused) {
  Connection* const c = live(id);
  if (c == nullptr || c->paused == paused) return;
  c->paused = paused;
  if (paused || (!c->readable && !c->end && c->in.empty())) return;
  c->show_again = true;
  queue(*c);
}

Peer SocketDriver::peer(ConnId id) {
  Connection* const c = table_.find(id);
  if (c == nullptr || c->fd < 0) return {};
  if (!c->text) {
    c->text = std::make_unique<Connection::PeerText>();
    const SocketAddress own = local_address(c->fd);
    SocketAddress other = c->outbound && c->local ? own : SocketAddress{};
    if (c->local) {
      other.any.sa_family = AF_UNIX;
      other.size = sizeof other.local;
      if (::getpeername(c->fd, &other.any, &other.size) != 0) other.size = 0;
    } else {
      other.ip = c->remote_ip;
      other.size = sizeof other.ip;
    }
    *c->text = {other.text(), own.text()};
  }
  Peer peer{.remote = c->text->remote, .local = c->text->local};
  if (!c->tls) return peer;
  peer.tls = true;
  peer.identity = c->tls->peer_identity();
  peer.own_identity = c->tls->own_identity();
  peer.cert_sha256 = c->tls->peer_cert_sha256();
  peer.server_name = c->tls->server_name();
  return peer;
}

void SocketDriver::on_event(ConnId id, std::uint32_t events) {
  Connection* const c = table_.find(id);
  if (c == nullptr || c->state == State::kDead) return;
  if ((events & EPOLLERR) != 0) c->failed = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) c->ended = true;
  if ((events & EPOLLIN) != 0 || c->ended) c->readable = true;
  if (c->state == State::kConnecting) {
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) finish_connect(*c);
  } else if ((events & EPOLLOUT) != 0) {
    c->writable = true;
    if (c->has_unsent()) mark_dirty(*c);
  }
  go_on(*c);
}

void SocketDriver::run_ready() {
  running_.swap(ready_);
  for (const ConnId id : running_) {
    Connection* const c = table_.find(id);
    if (c == nullptr) continue;
    c->queued = false;
    if (c->state == State::kConnecting && !c->end) finish_connect(*c);
    go_on(*c);
  }
  running_.clear();
}

void SocketDriver::go_on(Connection& c) {
  if (c.state == State::kFlushing || c.state == State::kLingering) return linger(c);
  if (std::exchange(c.drained, false) && c.state == State::kOpen)
    c.owner->actor().on_drained(loop_.now(), c.id);
  if (c.state == State::kOpen && !c.paused && std::exchange(c.show_again, false) && !c.in.empty())
    show_kept(c);
  // A reset ends both directions, so nothing is gained by holding it back from a paused actor.
  if (c.failed && c.paused && c.state == State::kOpen) c.end = ClosedBy::kReset;
  if (!c.end) return receive(c);
  if (!c.paused || *c.end != ClosedBy::kPeer) tell_end(c);
}

void SocketDriver::receive(Connection& c) {
  std::size_t budget = kReceiveBudget;
  const auto wants_bytes = [&c] {
    if (!c.readable || c.end) return false;
    return c.state == State::kOpen ? !c.paused
                                   : c.state == State::kSniffing || c.state == State::kHandshaking;
  };
  while (wants_bytes()) {
    if (budget == 0) return queue(c);
    const ssize_t n = ::recv(c.fd, received_.get(), kReceiveBytes, 0);
    ++loop_.stats_.receives;
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      c.readable = false;
      if (n == 0)
        c.end = c.tls || c.failed ? ClosedBy::kReset : ClosedBy::kPeer;
      else if (errno != EAGAIN || c.failed)
        c.end = ClosedBy::kReset;
      break;
    }
    const auto count = static_cast<std::size_t>(n);
    // A short read has emptied the socket (epoll(7)); only a known end is still to be fetched.
    if (count < kReceiveBytes && !c.ended) c.readable = false;
    budget -= std::min(budget, count);
    receive_bytes(c, {received_.get(), count});
  }
  if (c.end && (!c.paused || c.state != State::kOpen)) tell_end(c);
}

void SocketDriver::receive_bytes(Connection& c, std::string_view bytes) {
  switch (c.state) {
    case State::kSniffing:
      return on_first_byte(c, bytes);
    case State::kHandshaking:
      return on_handshake_bytes(c, bytes);
    default:
      return c.tls ? receive_cipher(c, bytes) : show(c, bytes);
  }
}

void SocketDriver::receive_cipher(Connection& c, std::string_view bytes) {
  note_tls_use(c);
  const auto got = c.tls->decrypt(bytes, {decrypted_.get(), kDecryptedBytes}, c.wire);
  if (!c.wire.empty()) mark_dirty(c);
  if (got.bytes > 0) show(c, {decrypted_.get(), got.bytes});
  if (c.state != State::kOpen || got.end == TlsSession::Decrypted::End::kOpen) return;
  // With TLS 1.3 a client learns only after its side of the handshake that the server refused its
  // certificate.
  if (got.end == TlsSession::Decrypted::End::kClosed)
    c.end = ClosedBy::kPeer;
  else
    c.end = c.received ? ClosedBy::kReset : ClosedBy::kTlsFailure;
}

void SocketDriver::note_tls_use(Connection& c) {
  c.tls_used = true;
  if (std::exchange(c.tls_listed, true)) return;
  if (tls_active_.empty()) loop_.arm(quiet_tls_, loop_.now() + kTlsQuiet);
  tls_active_.push_back(c.id);
}

void SocketDriver::release_quiet_tls() {
  std::erase_if(tls_active_, [this](ConnId id) {
    Connection* const c = table_.find(id);
    if (c == nullptr || c->state == State::kDead) return true;
    if (std::exchange(c->tls_used, false)) return false;
    c->tls->release_buffers();
    c->tls_listed = false;
    return true;
  });
  if (!tls_active_.empty()) loop_.arm(quiet_tls_, loop_.now() + kTlsQuiet);
}

void SocketDriver::show(Connection& c, std::string_view fresh) {
  c.received = true;
  if (c.paused || !c.in.empty()) {
    c.in.append(pool_, fresh);
    if (!c.paused) show_kept(c);
    return;
  }
  const std::size_t used = c.owner->actor().on_bytes(loop_.now(), c.id, fresh);
  MARTY_ASSERT(used <= fresh.size());
  if (c.state == State::kOpen && used < fresh.size()) c.in.append(pool_, fresh.substr(used));
}

void SocketDriver::show_kept(Connection& c) {
  const std::size_t used = c.owner->actor().on_bytes(loop_.now(), c.id, c.in.view());
  if (c.state != State::kOpen) return;
  c.in.consume(pool_, used);
  if (c.in.size() > kUnconsumedMax && !c.paused) c.end = ClosedBy::kReset;
}

void SocketDriver::tell_end(Connection& c) {
  if (c.state == State::kDead || c.ending) return;
  const ClosedBy reason = *c.end;
  if (!c.outbound && c.state == State::kSniffing) return destroy(c);
  if (!c.outbound && c.state == State::kHandshaking) {
    return reject(c, ClosedBy::kTlsFailure, "the peer went away during the handshake");
  }
  if (c.state == State::kHandshaking && reason != ClosedBy::kConnectTimeout) c.end = ClosedBy::kTlsFailure;
  const bool was_open = c.state == State::kOpen;
  c.ending = true;
  c.owner->actor().on_closed(loop_.now(), c.id, *c.end);
  const bool graceful = was_open && reason == ClosedBy::kPeer && (c.has_unsent() || c.tls);
  const bool alert_waits = reason == ClosedBy::kTlsFailure && !c.wire.empty();
  if (!graceful && !alert_waits) return destroy(c);
  if (!graceful) c.plain.clear(pool_);
  begin_close(c);
}

}  // namespace marty::io
