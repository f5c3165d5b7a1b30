#include <algorithm>

#include "policy/path_normalize.hpp"
#include "proxy/core.hpp"

namespace marty::proxy {
namespace {

/// The port the client asked for: what stands after the last colon of "host:port", else HTTP's own.
std::uint16_t port_of(std::string_view authority) {
  const auto colon = authority.rfind(':');
  if (colon == authority.npos || authority.ends_with(']')) return 80;
  std::uint32_t port = 0;
  for (const char c : authority.substr(colon + 1)) {
    if (c < '0' || c > '9' || port > 65535) return 0;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return port <= 65535 ? static_cast<std::uint16_t>(port) : std::uint16_t{0};
}

/// An ingress takes requests for hosts it does not know, such as a browser's 127.0.0.1, as meant for its
/// service.
bool knows(const engine::Program& program, std::string_view authority) {
  std::string lower(authority);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return program.host_index.contains(lower);
}

std::string_view ip_of(std::string_view address) { return address.substr(0, address.rfind(':')); }

engine::Verdict answer(int status, std::string_view body, std::string_view details) {
  engine::Verdict verdict{engine::Verdict::Kind::kReply, {}, {status, body, details, false, {}, {}}};
  verdict.reply.proxy_error = details;
  return verdict;
}

}  // namespace

void Sidecar::Core::start_call(Instant now, Downstream& down) {
  http::RequestHead& head = down.head;
  if (!settings_.fallback_authority.empty() && !knows(engine_.program(), head.authority)) {
    head.authority = settings_.fallback_authority;
  }
  Stream& stream = *streams_.take();
  stream.reset();
  stream.down = &down;
  stream.deadline.owner = Deadline::Owner::kStream;
  stream.deadline.object = &stream;
  stream.chunked_request = head.body == http::BodyKind::kChunked;
  stream.request_complete = head.body == http::BodyKind::kNone;
  stream.call.started = now;
  down.stream = &stream;
  if (head.keep_alive == http::KeepAlive::kNo) down.close_after = true;

  const auto path = policy::normalize_path(head.path, path_scratch_);
  engine::Verdict verdict;
  if (head.method == "CONNECT") {
    verdict = answer(501, "CONNECT is not supported: use http:// URLs, the mesh adds mutual TLS itself\n",
                     "connect_refused");
  } else if (!head.upgrade.empty() && !http::equals_ignoring_case(head.upgrade, "h2c")) {
    verdict = answer(403, "Upgrade is not enabled on this route\n", "upgrade_failed");
  } else if (!path) {
    verdict = answer(400, "", "path_normalization_failed");
  } else {
    const policy::RequestView view{
        .method = head.method,
        .path = *path,
        .authority = head.authority,
        .scheme = "http",
        .headers = head.headers.lines(),
        .peer_identity = down.peer.identity,
        .peer_ip = ip_of(down.peer.remote),
        .port = engine_.program().port != 0 ? engine_.program().port : port_of(head.authority),
        .peer_address = down.peer.remote};
    verdict = engine_.begin(now, view, stream.call);
  }
  if (linkerd()) {
    rewrite_linkerd_request(head, path.value_or(head.target), engine_.program(), stream.call.route, down.peer,
                            stream.head);
  } else {
    rewrite_request(head, path.value_or(head.target), engine_.program(), stream.call.route, down.peer, ids_,
                    stream.head);
  }
  follow(now, stream, verdict, Stream::Stage::kDelayed);
}

/// Does what the engine decided. `waiting` is the stage in which a wait is spent.
void Sidecar::Core::follow(Instant now, Stream& stream, const engine::Verdict& verdict,
                           Stream::Stage waiting) {
  switch (verdict.kind) {
    case engine::Verdict::Kind::kProceed:
      return choose_and_connect(now, stream);
    case engine::Verdict::Kind::kReply:
      return reply(now, stream, verdict.reply);
    case engine::Verdict::Kind::kReset:
      return cut(now, stream);
    case engine::Verdict::Kind::kWait:
      break;
  }
  stream.stage = waiting;
  stream.resume_at = verdict.until;
  timers_.set(stream.deadline, std::min(verdict.until, stream.call.deadline()));
}

void Sidecar::Core::choose_and_connect(Instant now, Stream& stream) {
  if (!stream.routed) {
    stream.routed = true;
    if (stream.request_complete) engine_.request_complete(now, stream.call);
    if (!stream.request_complete && stream.down->head.expects_continue) {
      transport_.write(stream.down->id, "HTTP/1.1 100 Continue\r\n\r\n");
    }
  }
  const auto chosen = engine_.choose_endpoint(now, stream.call);
  if (chosen.kind != engine::Verdict::Kind::kProceed)
    return follow(now, stream, chosen, Stream::Stage::kBackoff);

  const engine::EndpointRef endpoint = stream.call.endpoint;
  Pool& connections = pool(endpoint.pool);
  if (!connections.idle.empty()) {
    const auto started = engine_.start_try(now, stream.call);
    if (started.kind != engine::Verdict::Kind::kProceed)
      return follow(now, stream, started, Stream::Stage::kBackoff);
    Upstream& up = *connections.idle.back();
    connections.idle.pop_back();
    return attach(now, up, stream);
  }
  const auto queued = engine_.enqueue(now, stream.call);
  if (queued.kind != engine::Verdict::Kind::kProceed)
    return follow(now, stream, queued, Stream::Stage::kBackoff);
  stream.stage = Stream::Stage::kQueued;
  connections.waiting.push_back(&stream);
  arm(stream);
  open_for(now, endpoint);
}

void Sidecar::Core::deadline(Instant now, Stream& stream) {
  if (stream.stage == Stream::Stage::kDelayed) {
    return follow(now, stream, engine_.resume(now, stream.call), Stream::Stage::kDelayed);
  }
  if (stream.stage == Stream::Stage::kBackoff && now >= stream.resume_at)
    return choose_and_connect(now, stream);
  if (now < stream.call.deadline()) return arm(stream);
  if (stream.up != nullptr) discard(*stream.up);
  leave_queue(stream);
  follow(now, stream, engine_.deadline_passed(now, stream.call), Stream::Stage::kBackoff);
}

void Sidecar::Core::arm(Stream& stream) {
  if (stream.stage == Stream::Stage::kDelayed || stream.stage == Stream::Stage::kBackoff) return;
  const Instant at = stream.call.deadline();
  if (at.is_never()) {
    timers_.cancel(stream.deadline);
  } else if (stream.deadline.slot == 0 || stream.deadline.at != at) {
    timers_.set(stream.deadline, at);
  }
}

void Sidecar::Core::reply(Instant now, Stream& stream, const engine::LocalReply& local) {
  Downstream& down = *stream.down;
  if (stream.up != nullptr) discard(*stream.up);
  leave_queue(stream);
  if (!stream.request_complete || local.close) down.close_after = true;
  const bool is_head = stream.head.view(stream.head.method) == "HEAD";
  const auto* edits = stream.call.route != nullptr ? &stream.call.route->response_headers : nullptr;
  const auto connection = down.close_after || draining_ ? Connection::kClose : Connection::kKeepAlive;
  out_.clear();
  if (linkerd()) {
    write_linkerd_reply(out_, local, stamp(now), connection);
  } else {
    write_local_reply(out_, local, stamp(now), edits,
                      is_head ? http::BodyKind::kNone : http::BodyKind::kLength, connection);
  }
  transport_.write(down.id, out_);
  stream.status = local.status;
  stream.response_bytes = out_.size();
  stream.response_body_bytes = is_head || linkerd() ? 0 : local.body.size();
  stream.call.details = local.details;
  finish(now, stream);
  next_request(now, down);
}

void Sidecar::Core::respond_head(Instant now, Stream& stream, const http::ResponseHead& head) {
  Downstream& down = *stream.down;
  if (!stream.request_complete) down.close_after = true;
  stream.chunked_response = head.body == http::BodyKind::kChunked || head.body == http::BodyKind::kUntilClose;
  stream.stage = Stream::Stage::kResponding;
  stream.status = head.status;
  if (linkerd() && asks_to_close(head)) down.close_after = true;
  const auto* edits = stream.call.route != nullptr ? &stream.call.route->response_headers : nullptr;
  const auto framing = stream.chunked_response ? http::BodyKind::kChunked : head.body;
  const auto connection = down.close_after || draining_ ? Connection::kClose : Connection::kKeepAlive;
  out_.clear();
  if (linkerd()) {
    write_linkerd_response(out_, head, stamp(now), edits, framing, connection);
  } else {
    write_response(out_, head, stamp(now), stream.upstream_time, edits, framing, connection);
  }
  transport_.write(down.id, out_);
  stream.response_bytes += out_.size();
  arm(stream);
}

void Sidecar::Core::respond_done(Instant now, Stream& stream) {
  Downstream& down = *stream.down;
  Upstream& up = *stream.up;
  if (stream.chunked_response) transport_.write(down.id, "0\r\n\r\n");
  const std::uint32_t most = up.ref.max_requests_per_connection;
  const bool reusable = up.head.keep_alive == http::KeepAlive::kYes &&
                        up.head.body != http::BodyKind::kUntilClose && stream.request_complete &&
                        (most == 0 || up.requests < most);
  finish(now, stream);
  up.stream = nullptr;
  if (reusable) {
    release(now, up);
  } else {
    discard(up);
  }
  next_request(now, down);
}

/// The response is under way and cannot be completed: the client must not take it for whole.
void Sidecar::Core::cut(Instant now, Stream& stream) {
  Downstream& down = *stream.down;
  if (stream.up != nullptr) discard(*stream.up);
  finish(now, stream);
  transport_.abort(down.id);
  timers_.cancel(down.deadline);
  down_by_id_.erase(down.id);
  downstreams_.give_back(&down);
}

void Sidecar::Core::finish(Instant now, Stream& stream) {
  const Downstream& down = *stream.down;
  engine::CallEnd end;
  end.request.method = stream.head.view(stream.head.method);
  end.request.path = stream.head.view(stream.head.path);
  end.request.authority = stream.head.view(stream.head.authority);
  end.request.peer_identity = down.peer.identity;
  end.request.peer_ip = ip_of(down.peer.remote);
  end.user_agent = stream.head.view(stream.head.user_agent);
  end.request_id = stream.head.view(stream.head.request_id);
  end.forwarded_for = stream.head.view(stream.head.forwarded_for);
  end.downstream_local = down.peer.local;
  end.downstream_remote = down.peer.remote;
  end.server_name = down.peer.server_name;
  end.peer_tls = down.peer.tls;
  end.status = stream.status;
  end.request_bytes = stream.request_bytes + stream.head.text.size();
  end.response_bytes = stream.response_bytes;
  end.request_body_bytes = stream.request_body_bytes;
  end.response_body_bytes = stream.response_body_bytes;
  end.transport_failure = stream.transport_failure;
  if (stream.upstream_time.count() >= 0) end.upstream_time = stream.upstream_time;
  if (stream.call.endpoint.endpoint != nullptr)
    end.upstream_address = stream.call.endpoint.endpoint->address.text;
  Peer upstream;
  if (stream.up != nullptr) {
    upstream = transport_.peer(stream.up->id);
    end.upstream_local = upstream.local;
    end.upstream_identity = upstream.identity;
  }
  engine_.finish(now, WallTime{now.ns + wall_offset_.count()}, stream.call, end);
  timers_.cancel(stream.deadline);
  stream.down->stream = nullptr;
  streams_.give_back(&stream);
}

}  // namespace marty::proxy
