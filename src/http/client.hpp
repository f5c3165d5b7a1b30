#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/actor.hpp"
#include "core/timer_queue.hpp"
#include "http/parser.hpp"

namespace marty::http {

struct ClientRequest {
  Address to;  ///< where to connect: the server, or a forward proxy
  Security security = Security::kPlaintext;
  std::string method = "GET";
  std::string target;     ///< as on the request line: absolute-form for a proxy
  std::string authority;  ///< Host
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Duration timeout = 30s;
};

/// Why there is no answer, when there is none.
enum class ClientFailure { kNone, kConnect, kTls, kClosed, kTimeout, kProtocol, kTooLarge };

struct ClientResponse {
  int status = 0;  ///< 0: no answer, see `failure`
  ClientFailure failure = ClientFailure::kNone;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string peer_identity;  ///< of a TLS server
  Duration elapsed{};
  /// The first field of that name in any case, or empty.
  std::string_view header(std::string_view name) const;
};

/// Sends single requests, each on a connection of its own, and calls back once with the answer. For probes,
/// the demo and `status`; not on any request path. Response bodies are bounded by `body_bytes_max`.
class Client : public Actor {
 public:
  using Done = std::function<void(const ClientResponse&)>;
  explicit Client(Transport& transport, std::size_t body_bytes_max = 4u << 20);
  ~Client() override;

  void send(Instant now, const ClientRequest& request, Done done);

  void on_accepted(Instant, ListenerId, ConnId) override {}
  void on_connected(Instant, ConnId) override;
  std::size_t on_bytes(Instant, ConnId, std::string_view bytes) override;
  void on_drained(Instant, ConnId) override {}
  void on_closed(Instant, ConnId, ClosedBy) override;
  void on_timer(Instant) override;

 private:
  struct Exchange;
  enum class Connection { kOpen, kGone };
  void finish(Instant now, Exchange& exchange, ClientFailure failure, Connection connection);
  Transport& transport_;
  std::size_t body_bytes_max_;
  TimerQueue timers_;
  std::unordered_map<ConnId, std::unique_ptr<Exchange>> exchanges_;
};

}  // namespace marty::http
