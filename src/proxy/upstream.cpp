#include <algorithm>

#include "proxy/core.hpp"

namespace marty::proxy {
namespace {

policy::TryFailure failure_of(ClosedBy by) {
  switch (by) {
    case ClosedBy::kConnectTimeout:
      return policy::TryFailure::kConnectTimeout;
    case ClosedBy::kTlsFailure:
    case ClosedBy::kPlaintext:
      return policy::TryFailure::kTlsFailure;
    case ClosedBy::kRefused:
    case ClosedBy::kReset:
    case ClosedBy::kPeer:
      break;
  }
  return policy::TryFailure::kConnectFailure;
}

std::string_view transport_failure(ClosedBy by) {
  if (by == ClosedBy::kTlsFailure) return "TLS_error:handshake_failed:TLS_error_end";
  if (by == ClosedBy::kRefused) return "delayed_connect_error:_Connection_refused";
  return {};
}

}  // namespace

Pool& Sidecar::Core::pool(std::uint32_t number) {
  if (number >= pools_.size()) pools_.resize(number + 1);
  return pools_[number];
}

/// Opens a connection for whoever waits at the endpoint, as far as its limit allows.
void Sidecar::Core::open_for(Instant now, const engine::EndpointRef& ref) {
  Pool& connections = pool(ref.pool);
  if (!engine_.open_connection(now, ref, connections.connections)) return;
  Upstream& up = *upstreams_.take();
  const engine::Endpoint& endpoint = *ref.endpoint;
  up.id = transport_.connect(endpoint.address,
                             {endpoint.security, endpoint.server_name, endpoint.expected_identities,
                              ref.connect_timeout, source_for(endpoint.address)});
  up.ref = ref;
  up.parser = http::HeadParser(settings_.parse);
  up.stream = nullptr;
  up.requests = 0;
  up.connected = up.paused = false;
  up.deadline.owner = Deadline::Owner::kUpstream;
  up.deadline.object = &up;
  ++connections.connections;
  up_by_id_.emplace(up.id, &up);
}

/// A client's connections come from its pod's address, as policies about addresses take for granted. Only on
/// loopback: elsewhere that address means nothing.
std::string_view Sidecar::Core::source_for(const Address& to) const {
  const auto& program = engine_.program();
  const bool ours = program.direction == engine::Direction::kOutbound && to.text.starts_with("127.") &&
                    program.self.ip.starts_with("127.");
  return ours ? std::string_view(program.self.ip) : std::string_view();
}

/// A free connection goes to the first in the queue, or becomes idle.
void Sidecar::Core::serve_waiting(Instant now, Upstream& up) {
  Pool* connections = &pool(up.ref.pool);
  while (!connections->waiting.empty()) {
    Stream& stream = *connections->waiting.front();
    connections->waiting.erase(connections->waiting.begin());
    const auto started = engine_.start_try(now, stream.call);
    if (started.kind == engine::Verdict::Kind::kProceed) return attach(now, up, stream);
    follow(now, stream, started, Stream::Stage::kBackoff);
    connections = &pool(up.ref.pool);
  }
  if (connections->retired || draining_) return discard(up);
  connections->idle.push_back(&up);
  timers_.set(up.deadline, now + up.ref.idle_timeout);
}

void Sidecar::Core::release(Instant now, Upstream& up) {
  up.parser.reset();
  if (up.paused) {
    up.paused = false;
    transport_.pause(up.id, false);
  }
  serve_waiting(now, up);
}

/// The try starts: everything of the request that is here goes out in one write.
void Sidecar::Core::attach(Instant now, Upstream& up, Stream& stream) {
  timers_.cancel(up.deadline);
  up.stream = &stream;
  ++up.requests;
  stream.up = &up;
  stream.stage = Stream::Stage::kTrying;
  stream.try_started = now;
  out_.assign(stream.head.text);
  if (!linkerd()) http::write_header(out_, "x-envoy-attempt-count", std::uint64_t{stream.call.tries});
  http::write_end_of_head(out_);
  out_ += stream.body;
  transport_.write(up.id, out_);
  if (!stream.call.may_retry) stream.body.clear();
  arm(stream);
  if (!stream.request_complete) resume(*stream.down);
}

std::size_t Sidecar::Core::read_upstream(Instant now, Upstream& up, std::string_view bytes) {
  const ConnId id = up.id;
  std::size_t consumed = 0;
  while (consumed < bytes.size()) {
    if (up.stream == nullptr) {  // nobody asked: the next answer could be mistaken for another's
      discard(up);
      return bytes.size();
    }
    const auto rest = bytes.substr(consumed);
    const bool responding = up.stream->stage == Stream::Stage::kResponding;
    const std::size_t taken =
        responding ? read_response_body(now, up, rest) : read_response_head(now, up, rest);
    if (!up_by_id_.contains(id)) return bytes.size();
    if (taken == 0) break;
    consumed += taken;
  }
  return consumed;
}

std::size_t Sidecar::Core::read_response_head(Instant now, Upstream& up, std::string_view bytes) {
  Stream& stream = *up.stream;
  const auto parsed = up.parser.parse(bytes, stream.head.view(stream.head.method), up.head);
  if (parsed == http::ParseStatus::kNeedMore) return 0;
  if (parsed == http::ParseStatus::kError || up.head.status == 101) {
    discard(up);
    try_over(now, stream, policy::TryFailure::kProtocolError);
    return bytes.size();
  }
  const std::size_t head_bytes = up.parser.head_bytes();
  up.parser.reset();
  if (up.head.status < 200) return head_bytes;  // 100 Continue was answered here already

  stream.upstream_time = now - stream.try_started;
  up.body.start(up.head.body, up.head.content_length, settings_.parse);
  const auto verdict = engine_.response_head(now, stream.call, up.head.status, up.head.headers.lines());
  if (verdict.kind != engine::Verdict::Kind::kProceed) {
    skip_for_retry(now, up, bytes.substr(head_bytes));
    follow(now, stream, verdict, Stream::Stage::kBackoff);
    return bytes.size();
  }
  respond_head(now, stream, up.head);
  if (up.head.body == http::BodyKind::kNone) respond_done(now, stream);
  return head_bytes;
}

/// The response will not be used. A connection whose whole body is here already stays usable.
void Sidecar::Core::skip_for_retry(Instant now, Upstream& up, std::string_view bytes) {
  const bool request_sent = up.stream->request_complete;
  up.stream->up = nullptr;
  up.stream = nullptr;
  while (!up.body.complete() && !bytes.empty()) {
    const auto piece = up.body.feed(bytes);
    if (piece.status == http::ParseStatus::kError || piece.consumed == 0) break;
    bytes.remove_prefix(piece.consumed);
  }
  const bool clean = up.body.complete() && bytes.empty();
  if (clean && request_sent && up.head.keep_alive == http::KeepAlive::kYes) {
    release(now, up);
  } else {
    discard(up);
  }
}

std::size_t Sidecar::Core::read_response_body(Instant now, Upstream& up, std::string_view bytes) {
  Stream& stream = *up.stream;
  const auto piece = up.body.feed(bytes);
  if (piece.status == http::ParseStatus::kError) {
    discard(up);
    try_over(now, stream, policy::TryFailure::kProtocolError);
    return bytes.size();
  }
  Downstream& down = *stream.down;
  engine_.response_data(now, stream.call);
  stream.response_body_bytes += piece.payload.size();
  if (stream.chunked_response) {
    out_.clear();
    http::write_chunk(out_, piece.payload);
    transport_.write(down.id, out_);
    stream.response_bytes += out_.size();
  } else {
    transport_.write(down.id, piece.payload);
    stream.response_bytes += piece.payload.size();
  }
  if (piece.status == http::ParseStatus::kComplete) {
    respond_done(now, stream);
  } else if (!up.paused && transport_.unsent(down.id) > settings_.unsent_bytes_max) {
    up.paused = true;
    transport_.pause(up.id, true);
    wait_for(down, Downstream::Patience::kReader, now + settings_.stall_timeout);
  }
  return piece.consumed;
}

void Sidecar::Core::try_over(Instant now, Stream& stream, policy::TryFailure failure) {
  follow(now, stream, engine_.try_failed(now, stream.call, failure), Stream::Stage::kBackoff);
}

void Sidecar::Core::upstream_closed(Instant now, Upstream& up, ClosedBy by) {
  Stream* const stream = up.stream;
  const bool connected = up.connected;
  const engine::EndpointRef ref = up.ref;
  if (stream != nullptr && stream->stage == Stream::Stage::kResponding && by == ClosedBy::kPeer &&
      up.body.ends_at_close()) {
    respond_done(now, *stream);  // the end of the stream is the end of this body
    return;
  }
  forget(up);
  if (!connected) {
    // Envoy fails everyone who waits when a connection cannot be made, so that each can try another endpoint.
    const auto failed = std::exchange(pool(ref.pool).waiting, {});
    for (Stream* waiting : failed) {
      waiting->transport_failure = transport_failure(by);
      try_over(now, *waiting, failure_of(by));
    }
    return;
  }
  if (stream != nullptr) try_over(now, *stream, policy::TryFailure::kReset);
  if (!pool(ref.pool).waiting.empty()) open_for(now, ref);
}

/// Closes a connection of our own accord.
void Sidecar::Core::discard(Upstream& up) {
  if (up.stream != nullptr) {
    transport_.abort(up.id);
  } else {
    transport_.close(up.id);
  }
  forget(up);
}

void Sidecar::Core::forget(Upstream& up) {
  Pool& connections = pool(up.ref.pool);
  --connections.connections;
  std::erase(connections.idle, &up);
  timers_.cancel(up.deadline);
  if (up.stream != nullptr) up.stream->up = nullptr;
  up_by_id_.erase(up.id);
  engine_.connection_closed(up.ref);
  upstreams_.give_back(&up);
}

void Sidecar::Core::leave_queue(Stream& stream) {
  if (stream.stage == Stream::Stage::kQueued) std::erase(pool(stream.call.endpoint.pool).waiting, &stream);
}

}  // namespace marty::proxy
