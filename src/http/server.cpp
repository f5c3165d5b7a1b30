#include "http/server.hpp"

#include <unordered_map>

#include "core/assert.hpp"
#include "core/timer_queue.hpp"
#include "http/writer.hpp"

namespace marty::http {
namespace {

/// A connection between requests holds no more body memory than this.
constexpr std::size_t kKeptBodyBytes = 16 * 1024;

enum class Phase { kIdle, kHead, kBody, kPaused };
enum class Persistence { kKeep, kClose };

struct Connection : Timer {
  explicit Connection(ConnId conn, Limits limits) : id(conn), parser(limits) {}
  ConnId id;
  Phase phase = Phase::kIdle;
  HeadParser parser;
  RequestHead head;
  std::string head_bytes;  ///< what `head` points into while a body arrives
  BodyDecoder decoder;
  std::string body;
};

Response plain(int status, std::string_view text) {
  return {.status = status, .content_type = text.empty() ? "" : "text/plain", .body = std::string(text)};
}

void write_response(std::string& out, const Response& response, std::string_view method,
                    Persistence persistence) {
  const bool may_have_body = response.status >= 200 && response.status != 204 && response.status != 304;
  write_status_line(out, response.status);
  if (may_have_body) {
    if (!response.content_type.empty()) write_header(out, "content-type", response.content_type);
    write_header(out, "content-length", response.body.size());
  }
  for (const auto& [name, value] : response.headers) write_header(out, name, value);
  if (persistence == Persistence::kClose) write_header(out, "connection", "close");
  write_end_of_head(out);
  if (may_have_body && method != "HEAD") out += response.body;
}

}  // namespace

struct Server::State {
  State(Transport& transport_in, Handler handler_in, ServerLimits limits_in)
      : transport(transport_in), handler(std::move(handler_in)), limits(limits_in) {}

  /// What became of the connection: kClosed means the object is gone.
  enum class Fate { kOpen, kClosed };

  Transport& transport;
  Handler handler;
  Refusal refusal;
  ServerLimits limits;
  bool draining = false;
  std::unordered_map<ConnId, Connection> connections;
  TimerQueue timers;
  Instant wake_asked = Instant::never();
  std::string out;  ///< reused for every response

  std::size_t read(Instant now, Connection& conn, std::string_view bytes);
  Fate read_head(Instant now, Connection& conn, std::string_view bytes, std::size_t& used);
  Fate begin_body(Instant now, Connection& conn);
  Fate read_body(Instant now, Connection& conn, std::string_view bytes, std::size_t& used);
  Fate answer(Instant now, Connection& conn);
  Fate refuse(Connection& conn, Response response);
  void enter(Connection& conn, Phase phase, Instant deadline);
  void forget(Connection& conn);
  void ask_for_wakeup();
};

void Server::State::enter(Connection& conn, Phase phase, Instant deadline) {
  conn.phase = phase;
  timers.set(conn, deadline);
}

void Server::State::forget(Connection& conn) {
  timers.cancel(conn);
  connections.erase(conn.id);
}

void Server::State::ask_for_wakeup() {
  if (timers.next() >= wake_asked) return;
  wake_asked = timers.next();
  transport.wake_at(wake_asked);
}

Server::State::Fate Server::State::refuse(Connection& conn, Response response) {
  if (refusal) refusal(response);
  out.clear();
  write_response(out, response, {}, Persistence::kClose);
  transport.write(conn.id, out);
  transport.close(conn.id);
  forget(conn);
  return Fate::kClosed;
}

std::size_t Server::State::read(Instant now, Connection& conn, std::string_view bytes) {
  std::size_t used = 0;
  while (conn.phase != Phase::kPaused && used < bytes.size()) {
    const std::size_t before = used;
    const std::string_view rest = bytes.substr(used);
    const Fate fate =
        conn.phase == Phase::kBody ? read_body(now, conn, rest, used) : read_head(now, conn, rest, used);
    if (fate == Fate::kClosed) return bytes.size();
    if (used == before) break;
  }
  return used;
}

Server::State::Fate Server::State::read_head(Instant now, Connection& conn, std::string_view bytes,
                                             std::size_t& used) {
  const ParseStatus status = conn.parser.parse(bytes, conn.head);
  if (status == ParseStatus::kError) {
    const ErrorReply reply = reply_for(conn.parser.error());
    return refuse(conn, plain(reply.status, reply.body));
  }
  if (status == ParseStatus::kNeedMore) {
    if (conn.phase == Phase::kIdle) enter(conn, Phase::kHead, now + limits.head_timeout);
    return Fate::kOpen;
  }
  const std::size_t head_bytes = conn.parser.head_bytes();
  used += head_bytes;
  conn.parser.reset();
  conn.body.clear();
  if (conn.head.body == BodyKind::kNone) return answer(now, conn);
  // The driver's bytes move while the body arrives, so the head is read again from a copy that stays.
  conn.head_bytes.assign(bytes.substr(0, head_bytes));
  conn.parser.parse(conn.head_bytes, conn.head);
  conn.parser.reset();
  return begin_body(now, conn);
}

Server::State::Fate Server::State::begin_body(Instant now, Connection& conn) {
  if (conn.head.content_length > limits.body_bytes_max) return refuse(conn, plain(413, "Payload Too Large"));
  if (conn.head.expects_continue) transport.write(conn.id, "HTTP/1.1 100 Continue\r\n\r\n");
  conn.decoder.start(conn.head.body, conn.head.content_length, limits.parse);
  enter(conn, Phase::kBody, now + limits.body_timeout);
  return Fate::kOpen;
}

Server::State::Fate Server::State::read_body(Instant now, Connection& conn, std::string_view bytes,
                                             std::size_t& used) {
  const BodyDecoder::Piece piece = conn.decoder.feed(bytes);
  if (piece.status == ParseStatus::kError) return refuse(conn, plain(400, "Bad Request"));
  if (piece.payload.size() > limits.body_bytes_max - conn.body.size()) {
    return refuse(conn, plain(413, "Payload Too Large"));
  }
  conn.body += piece.payload;
  used += piece.consumed;
  if (piece.status == ParseStatus::kComplete) return answer(now, conn);
  if (piece.consumed > 0) timers.set(conn, now + limits.body_timeout);
  return Fate::kOpen;
}

Server::State::Fate Server::State::answer(Instant now, Connection& conn) {
  const RequestHead& head = conn.head;
  const std::size_t question = head.path.find('?');
  const Request request{
      .received_at = now,
      .method = head.method,
      .path = head.path.substr(0, question),
      .query = question == head.path.npos ? std::string_view{} : head.path.substr(question + 1),
      .headers = &head.headers,
      .body = conn.body,
      .peer = transport.peer(conn.id),
  };
  const Response response = handler(request);
  if (conn.body.capacity() > kKeptBodyBytes) conn.body = {};
  const Persistence persistence =
      draining || head.keep_alive == KeepAlive::kNo ? Persistence::kClose : Persistence::kKeep;
  out.clear();
  write_response(out, response, head.method, persistence);
  transport.write(conn.id, out);
  if (persistence == Persistence::kClose) {
    transport.close(conn.id);
    forget(conn);
    return Fate::kClosed;
  }
  enter(conn, Phase::kIdle, now + limits.idle_timeout);
  if (transport.unsent(conn.id) > limits.unsent_bytes_max) {
    transport.pause(conn.id, true);
    conn.phase = Phase::kPaused;
  }
  return Fate::kOpen;
}

Server::Server(Transport& transport, Handler handler, ServerLimits limits)
    : state_(std::make_unique<State>(transport, std::move(handler), limits)) {}

Server::~Server() = default;

void Server::on_refusal(Refusal call) { state_->refusal = std::move(call); }

void Server::drain(Instant) {
  state_->draining = true;
  for (auto next = state_->connections.begin(); next != state_->connections.end();) {
    Connection& conn = (next++)->second;
    if (conn.phase != Phase::kIdle && conn.phase != Phase::kPaused) continue;
    state_->transport.close(conn.id);
    state_->forget(conn);
  }
}

bool Server::drained() const { return state_->draining && state_->connections.empty(); }

std::size_t Server::open_connections() const { return state_->connections.size(); }

void Server::on_accepted(Instant now, ListenerId, ConnId id) {
  const auto [place, added] = state_->connections.try_emplace(id, id, state_->limits.parse);
  MARTY_ASSERT(added);
  Connection& conn = place->second;
  if (state_->draining || state_->connections.size() > state_->limits.connections_max) {
    state_->refuse(conn, plain(503, "Service Unavailable"));
    return;
  }
  state_->enter(conn, Phase::kIdle, now + state_->limits.idle_timeout);
  state_->ask_for_wakeup();
}

void Server::on_connected(Instant, ConnId) { MARTY_ASSERT(!"a server opens no connections"); }

std::size_t Server::on_bytes(Instant now, ConnId id, std::string_view bytes) {
  const auto found = state_->connections.find(id);
  MARTY_ASSERT(found != state_->connections.end());
  const std::size_t used = state_->read(now, found->second, bytes);
  state_->ask_for_wakeup();
  return used;
}

void Server::on_drained(Instant now, ConnId id) {
  const auto found = state_->connections.find(id);
  if (found == state_->connections.end() || found->second.phase != Phase::kPaused) return;
  state_->enter(found->second, Phase::kIdle, now + state_->limits.idle_timeout);
  state_->transport.pause(id, false);
  state_->ask_for_wakeup();
}

void Server::on_closed(Instant, ConnId id, ClosedBy) {
  const auto found = state_->connections.find(id);
  if (found != state_->connections.end()) state_->forget(found->second);
}

void Server::on_timer(Instant now) {
  state_->wake_asked = Instant::never();
  while (Timer* const due = state_->timers.pop_due(now)) {
    Connection& conn = *static_cast<Connection*>(due);
    if (conn.phase == Phase::kHead || conn.phase == Phase::kBody) {
      state_->refuse(conn, plain(408, "Request Timeout"));
    } else {
      // A client that has not read its answers for that long will not read the rest either.
      if (conn.phase == Phase::kPaused)
        state_->transport.abort(conn.id);
      else
        state_->transport.close(conn.id);
      state_->forget(conn);
    }
  }
  state_->ask_for_wakeup();
}

}  // namespace marty::http
