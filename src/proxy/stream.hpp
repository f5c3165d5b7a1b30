#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/actor.hpp"
#include "core/timer_queue.hpp"
#include "engine/engine.hpp"
#include "http/parser.hpp"
#include "proxy/request_head.hpp"

/// The three kinds of thing a sidecar juggles: a client's connection, a request, a connection to an endpoint.
namespace marty::proxy {

struct Downstream;
struct Upstream;

/// A timer that knows whose it is.
struct Deadline : Timer {
  enum class Owner : std::uint8_t { kDownstream, kStream, kUpstream };
  Owner owner;
  void* object = nullptr;
};

struct Stream {
  enum class Stage : std::uint8_t {
    kDelayed,     ///< an injected delay is running
    kQueued,      ///< waits for a connection to its endpoint
    kTrying,      ///< sent (as far as there is something to send), no response head yet
    kBackoff,     ///< waits before the next try
    kResponding,  ///< response head forwarded
  };

  Downstream* down = nullptr;
  Upstream* up = nullptr;  ///< set in kTrying and kResponding
  engine::Call call;
  Stage stage = Stage::kQueued;
  Deadline deadline;

  RequestHead head;  ///< rewritten, without the attempt count and the end of head
  std::string body;  ///< body in wire form, as far as kept for a first or next try
  bool request_complete = false, chunked_request = false, chunked_response = false;
  bool routed = false;                                  ///< past faults: timeouts run from here
  Instant resume_at;                                    ///< end of the delay or back-off
  int status = 0;                                       ///< sent downstream
  std::uint64_t request_bytes = 0, response_bytes = 0;  ///< on the wire; of the request without its head
  std::uint64_t request_body_bytes = 0, response_body_bytes = 0;
  Instant try_started;
  Duration upstream_time{-1};
  std::string_view transport_failure;

  void reset();
};

struct Downstream {
  /// What the deadline is for.
  enum class Patience : std::uint8_t { kNextRequest, kHead, kBody, kReader };

  ConnId id{};
  Peer peer;
  http::HeadParser parser;
  http::RequestHead head;
  http::BodyDecoder body;
  Stream* stream = nullptr;
  Deadline deadline;
  Patience patience = Patience::kNextRequest;
  bool paused = false;       ///< pipelined bytes or back-pressure: reading is stopped
  bool close_after = false;  ///< the current response is the last on this connection
};

struct Upstream {
  ConnId id{};
  engine::EndpointRef ref;
  http::HeadParser parser;
  http::ResponseHead head;
  http::BodyDecoder body;
  Stream* stream = nullptr;
  Deadline deadline;  ///< idle time-out
  std::uint32_t requests = 0;
  bool connected = false, paused = false;
};

/// Connections to one endpoint of one cluster, and who waits for them.
struct Pool {
  std::vector<Upstream*> idle;   ///< most recently used last, and taken first
  std::vector<Stream*> waiting;  ///< in order of arrival; short: bounded by max_pending_requests
  std::uint32_t connections = 0;
  bool retired = false;  ///< of an old program: close instead of keeping
};

}  // namespace marty::proxy
