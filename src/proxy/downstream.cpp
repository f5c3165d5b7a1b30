#include <algorithm>

#include "proxy/core.hpp"

namespace marty::proxy {

void Sidecar::Core::accepted(Instant now, ConnId id) {
  const Peer peer = transport_.peer(id);
  const auto& program = engine_.program();
  const bool strict =
      program.direction == engine::Direction::kInbound && *program.mtls == policy::MtlsMode::kStrict;
  if (strict && !peer.tls) {
    engine_.refused_connection(now, WallTime{now.ns + wall_offset_.count()}, ClosedBy::kPlaintext,
                               peer.remote);
    transport_.abort(id);
    return;
  }
  if (draining_ || down_by_id_.size() >= settings_.connections_max) {
    transport_.close(id);
    return;
  }
  Downstream& down = *downstreams_.take();
  down.id = id;
  down.peer = peer;
  down.parser = http::HeadParser(settings_.parse);
  down.stream = nullptr;
  down.paused = down.close_after = false;
  down.deadline.owner = Deadline::Owner::kDownstream;
  down.deadline.object = &down;
  wait_for(down, Downstream::Patience::kNextRequest, now + settings_.idle_timeout);
  down_by_id_.emplace(id, &down);
}

std::size_t Sidecar::Core::read_downstream(Instant now, Downstream& down, std::string_view bytes) {
  const ConnId id = down.id;
  std::size_t consumed = 0;
  while (consumed < bytes.size()) {
    const auto rest = bytes.substr(consumed);
    const bool reading_body = down.stream != nullptr && !down.stream->request_complete;
    if (down.stream != nullptr && !reading_body) {
      pause(down);  // pipelined: the driver keeps these bytes until the answer is out
      return consumed;
    }
    const std::size_t taken = reading_body ? read_body(now, down, rest) : read_head(now, down, rest);
    // The connection may have been closed, and its record reused, while the bytes were looked at.
    if (const auto still = down_by_id_.find(id); still == down_by_id_.end()) return bytes.size();
    if (taken == 0) break;
    consumed += taken;
  }
  return consumed;
}

std::size_t Sidecar::Core::read_head(Instant now, Downstream& down, std::string_view bytes) {
  switch (down.parser.parse(bytes, down.head)) {
    case http::ParseStatus::kNeedMore:
      // Set once per head: a sender that trickles does not get more time.
      if (down.patience != Downstream::Patience::kHead) {
        wait_for(down, Downstream::Patience::kHead, now + settings_.head_timeout);
      }
      return 0;
    case http::ParseStatus::kError:
      refuse(now, down, http::reply_for(down.parser.error()));
      return bytes.size();
    case http::ParseStatus::kComplete:
      break;
  }
  const std::size_t head_bytes = down.parser.head_bytes();
  down.parser.reset();
  timers_.cancel(down.deadline);
  down.body.start(down.head.body, down.head.content_length, settings_.parse);
  start_call(now, down);
  return head_bytes;
}

std::size_t Sidecar::Core::read_body(Instant now, Downstream& down, std::string_view bytes) {
  Stream& stream = *down.stream;
  const auto piece = down.body.feed(bytes);
  stream.request_bytes += piece.consumed;
  stream.request_body_bytes += piece.payload.size();
  if (piece.status == http::ParseStatus::kError) {
    refuse(now, down, http::reply_for(http::ParseError::kMalformed));
    return bytes.size();
  }
  if (stream.request_bytes > settings_.body_bytes_max) {
    refuse(now, down, {413, "Payload Too Large", "request_payload_too_large"});
    return bytes.size();
  }
  wait_for(down, Downstream::Patience::kBody, now + settings_.body_timeout);
  forward_body(stream, piece.payload);
  if (piece.status == http::ParseStatus::kComplete) request_complete(now, stream);
  return piece.consumed;
}

/// Sends a piece of the request body on if a try is running, and keeps it if another try may need it.
void Sidecar::Core::forward_body(Stream& stream, std::string_view payload) {
  if (payload.empty()) return;
  const std::size_t kept = stream.body.size();
  if (stream.chunked_request) {
    http::write_chunk(stream.body, payload);
  } else {
    stream.body += payload;
  }
  if (stream.up == nullptr) {
    if (stream.body.size() > settings_.replay_bytes_max) pause(*stream.down);
    return;
  }
  if (stream.stage == Stream::Stage::kTrying || stream.stage == Stream::Stage::kResponding) {
    transport_.write(stream.up->id, std::string_view(stream.body).substr(kept));
  }
  const auto kept_most = std::min(settings_.replay_bytes_max, stream.call.replay_bytes_max);
  if (!stream.call.may_retry || stream.body.size() > kept_most) {
    if (stream.call.may_retry) engine_.forgo_retries(stream.call);
    stream.body.clear();
  }
  if (transport_.unsent(stream.up->id) > settings_.unsent_bytes_max) pause(*stream.down);
}

void Sidecar::Core::request_complete(Instant now, Stream& stream) {
  stream.request_complete = true;
  if (stream.chunked_request) {
    http::write_last_chunk(stream.body);
    if (stream.up != nullptr) transport_.write(stream.up->id, "0\r\n\r\n");
  }
  timers_.cancel(stream.down->deadline);
  if (!stream.routed) return;
  engine_.request_complete(now, stream.call);
  arm(stream);
}

/// A message that is not HTTP/1.1 as it must be, or not in time: an answer without a call behind it.
void Sidecar::Core::refuse(Instant now, Downstream& down, const http::ErrorReply& reply) {
  if (down.stream != nullptr) {
    down.stream->call.flags.set(telemetry::Flag::kDownstreamProtocolError);
    down.stream->call.details = reply.details;
    down.close_after = true;
    if (down.stream->stage == Stream::Stage::kResponding) return cut(now, *down.stream);
    return this->reply(now, *down.stream, {reply.status, reply.body, reply.details, false, {}, {}});
  }
  out_.clear();
  const engine::LocalReply local{reply.status, reply.body, reply.details, false, {}, {}};
  if (linkerd()) {
    write_linkerd_reply(out_, local, stamp(now), Connection::kClose);
  } else {
    write_local_reply(out_, local, stamp(now), nullptr, http::BodyKind::kLength, Connection::kClose);
  }
  transport_.write(down.id, out_);
  close_downstream(down);
}

/// Whoever is at the other end took too long.
void Sidecar::Core::out_of_patience(Instant now, Downstream& down) {
  switch (down.patience) {
    case Downstream::Patience::kNextRequest:
      return close_downstream(down);
    case Downstream::Patience::kHead:
    case Downstream::Patience::kBody:
      return refuse(now, down, {408, "request timeout", "request_overall_timeout"});
    case Downstream::Patience::kReader:
      return cut(now, *down.stream);
  }
}

void Sidecar::Core::wait_for(Downstream& down, Downstream::Patience what, Instant until) {
  down.patience = what;
  timers_.set(down.deadline, until);
}

/// The answer is out: read the next request, or close.
void Sidecar::Core::next_request(Instant now, Downstream& down) {
  down.stream = nullptr;
  if (down.close_after || draining_) return close_downstream(down);
  wait_for(down, Downstream::Patience::kNextRequest, now + settings_.idle_timeout);
  resume(down);
}

void Sidecar::Core::pause(Downstream& down) {
  if (down.paused) return;
  down.paused = true;
  transport_.pause(down.id, true);
}

void Sidecar::Core::resume(Downstream& down) {
  if (!down.paused) return;
  down.paused = false;
  transport_.pause(down.id, false);
}

void Sidecar::Core::close_downstream(Downstream& down) {
  transport_.close(down.id);
  timers_.cancel(down.deadline);
  down_by_id_.erase(down.id);
  downstreams_.give_back(&down);
}

void Sidecar::Core::downstream_closed(Instant now, Downstream& down) {
  Stream* const stream = down.stream;
  timers_.cancel(down.deadline);
  if (stream != nullptr) {
    engine_.client_gone(stream->call);
    if (stream->up != nullptr) discard(*stream->up);
    leave_queue(*stream);
    finish(now, *stream);
  }
  down_by_id_.erase(down.id);
  downstreams_.give_back(&down);
}

}  // namespace marty::proxy
