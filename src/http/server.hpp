#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/actor.hpp"
#include "http/parser.hpp"

namespace marty::http {

/// A whole request, body included. Views are valid during the handler call only.
struct Request {
  Instant received_at;
  std::string_view method;
  std::string_view path;   ///< without query
  std::string_view query;  ///< after '?', not decoded
  const HeaderList* headers = nullptr;
  std::string_view body;
  Peer peer;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

struct ServerLimits {
  Limits parse;
  std::size_t body_bytes_max = 1 << 20;    ///< above: 413, connection closed
  std::size_t unsent_bytes_max = 1 << 20;  ///< a client that does not read is paused here
  std::size_t connections_max = 10'000;    ///< above: 503 and close
  Duration head_timeout = 10s;             ///< from first byte of a request to its complete head: 408
  Duration body_timeout = 30s;             ///< between two pieces of a body: 408
  Duration idle_timeout = 60s;             ///< between requests: silent close
};

/// An HTTP/1.1 server as an actor: keep-alive, pipelining (answers in order), 100-continue, HEAD, limits and
/// timeouts. The handler runs on the loop and answers at once. `drain` refuses new connections, answers what
/// is in flight with `Connection: close`, then `drained()` is true.
class Server : public Actor {
 public:
  using Handler = std::function<Response(const Request&)>;
  Server(Transport&, Handler, ServerLimits = {});
  ~Server() override;

  /// Told of every answer given without the handler (400, 408, 413, 426, 431, 501, 503) before it is written;
  /// may change body and headers. The connection closes after it.
  using Refusal = std::function<void(Response&)>;
  void on_refusal(Refusal call);

  void drain(Instant now);
  bool drained() const;
  std::size_t open_connections() const;

  void on_accepted(Instant, ListenerId, ConnId) override;
  void on_connected(Instant, ConnId) override;
  std::size_t on_bytes(Instant, ConnId, std::string_view bytes) override;
  void on_drained(Instant, ConnId) override;
  void on_closed(Instant, ConnId, ClosedBy) override;
  void on_timer(Instant) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace marty::http
