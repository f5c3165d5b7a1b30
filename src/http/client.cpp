#include "http/client.hpp"

#include "http/header_list.hpp"
#include "http/writer.hpp"

namespace marty::http {

struct Client::Exchange : Timer {
  ConnId id{};
  std::string method, bytes;
  Done done;
  Instant started;
  HeadParser parser;
  ResponseHead head;
  BodyDecoder body;
  bool head_seen = false;
  ClientResponse response;
};

std::string_view ClientResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equals_ignoring_case(key, name)) return value;
  }
  return {};
}

Client::Client(Transport& transport, std::size_t body_bytes_max)
    : transport_(transport), body_bytes_max_(body_bytes_max) {}
Client::~Client() = default;

void Client::send(Instant now, const ClientRequest& request, Done done) {
  auto exchange = std::make_unique<Exchange>();
  write_request_line(exchange->bytes, request.method, request.target);
  write_header(exchange->bytes, "host", request.authority);
  for (const auto& [name, value] : request.headers) write_header(exchange->bytes, name, value);
  if (!request.body.empty()) write_header(exchange->bytes, "content-length", request.body.size());
  write_header(exchange->bytes, "connection", "close");
  write_end_of_head(exchange->bytes);
  exchange->bytes += request.body;
  exchange->method = request.method;
  exchange->done = std::move(done);
  exchange->started = now;
  exchange->id = transport_.connect(request.to, {request.security, {}, {}, request.timeout});
  timers_.set(*exchange, now + request.timeout);
  transport_.wake_at(timers_.next());
  exchanges_.emplace(exchange->id, std::move(exchange));
}

void Client::on_connected(Instant, ConnId id) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  found->second->response.peer_identity = transport_.peer(id).identity;
  transport_.write(id, found->second->bytes);
}

std::size_t Client::on_bytes(Instant now, ConnId id, std::string_view bytes) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return bytes.size();
  Exchange& exchange = *found->second;
  std::size_t consumed = 0;
  while (!exchange.head_seen) {
    const auto status = exchange.parser.parse(bytes.substr(consumed), exchange.method, exchange.head);
    if (status == ParseStatus::kNeedMore) return consumed;
    if (status == ParseStatus::kError)
      return finish(now, exchange, ClientFailure::kProtocol, Connection::kOpen), bytes.size();
    consumed += exchange.parser.head_bytes();
    exchange.parser.reset();
    if (exchange.head.status < 200) continue;
    exchange.head_seen = true;
    exchange.response.status = exchange.head.status;
    for (const Header& header : exchange.head.headers)
      exchange.response.headers.emplace_back(header.name, header.value);
    exchange.body.start(exchange.head.body, exchange.head.content_length);
  }
  while (!exchange.body.complete()) {
    const auto piece = exchange.body.feed(bytes.substr(consumed));
    if (piece.status == ParseStatus::kError)
      return finish(now, exchange, ClientFailure::kProtocol, Connection::kOpen), bytes.size();
    exchange.response.body += piece.payload;
    consumed += piece.consumed;
    if (exchange.response.body.size() > body_bytes_max_) {
      return finish(now, exchange, ClientFailure::kTooLarge, Connection::kOpen), bytes.size();
    }
    if (piece.consumed == 0 && piece.status != ParseStatus::kComplete) return consumed;
  }
  finish(now, exchange, ClientFailure::kNone, Connection::kOpen);
  return bytes.size();
}

void Client::on_closed(Instant now, ConnId id, ClosedBy by) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  Exchange& exchange = *found->second;
  auto failure = ClientFailure::kClosed;
  if (by == ClosedBy::kRefused || by == ClosedBy::kConnectTimeout) failure = ClientFailure::kConnect;
  if (by == ClosedBy::kTlsFailure) failure = ClientFailure::kTls;
  if (by == ClosedBy::kPeer && exchange.head_seen && exchange.body.ends_at_close())
    failure = ClientFailure::kNone;
  finish(now, exchange, failure, Connection::kGone);
}

void Client::on_timer(Instant now) {
  while (Timer* due = timers_.pop_due(now)) {
    finish(now, static_cast<Exchange&>(*due), ClientFailure::kTimeout, Connection::kOpen);
  }
  if (!timers_.next().is_never()) transport_.wake_at(timers_.next());
}

void Client::finish(Instant now, Exchange& exchange, ClientFailure failure, Connection connection) {
  timers_.cancel(exchange);
  if (connection == Connection::kOpen) transport_.abort(exchange.id);
  const auto owned = std::move(exchanges_.extract(exchange.id).mapped());
  owned->response.failure = failure;
  if (failure != ClientFailure::kNone) owned->response.status = 0;
  owned->response.elapsed = now - owned->started;
  owned->done(owned->response);
}

}  // namespace marty::http
