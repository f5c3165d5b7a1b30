#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/rng.hpp"
#include "core/time.hpp"
#include "engine/program.hpp"
#include "policy/client_rate_limit.hpp"
#include "policy/request_view.hpp"
#include "policy/retry.hpp"
#include "telemetry/access_log.hpp"
#include "telemetry/decision_ring.hpp"
#include "telemetry/flags.hpp"
#include "telemetry/registry.hpp"
#include "telemetry/trace.hpp"

/// One sidecar's decisions, without sockets: route, faults, limits, pick, retries, timeouts, ejection, rate
/// limit, authorization, and the record of why. Single-threaded; no allocation per call once warm; every
/// answer depends only on the program, the arguments and the seed.
namespace marty::engine {

struct ClusterState;
struct ListenerCounts;
struct Loaded;

/// An endpoint a call may be sent to. Valid while the call or a pooled connection to it lives.
struct EndpointRef {
  ClusterState* cluster = nullptr;
  std::uint32_t index = 0;
  std::uint32_t pool = 0;  ///< small dense number for the proxy's connection pools, see Engine::adopt
  const Endpoint* endpoint = nullptr;
  Duration connect_timeout{};
  std::uint32_t max_requests_per_connection = 0;  ///< 0: unlimited
  Duration idle_timeout{};
};

/// An answer of our own instead of the upstream's, worded as Envoy words it (istio.md 3).
struct LocalReply {
  int status = 0;
  std::string_view body, details;
  bool overloaded = false;  ///< add x-envoy-overloaded: true
  std::string_view location;
  std::span<const std::pair<std::string, std::string>> headers;  ///< put first
  std::string_view proxy_error = {};  ///< Linkerd's l5d-proxy-error; valid until the engine's next answer
  bool close = false;                 ///< the downstream connection ends with this answer
};

struct Verdict {
  enum class Kind : std::uint8_t {
    kProceed,
    kWait,   ///< do nothing until `until`, then call the method named where the verdict came from
    kReply,  ///< answer with `reply`; the call is over apart from `finish`
    kReset,  ///< the response is already under way: cut the downstream connection
  };
  Kind kind = Kind::kProceed;
  Instant until;
  LocalReply reply;
};

/// One request from begin to finish. The proxy keeps it inside its stream and reads the public part; reuse is
/// fine.
struct Call {
  telemetry::Trace trace;
  telemetry::Flags flags;
  std::string_view details = "via_upstream";
  std::shared_ptr<const Program> program;  ///< keeps everything below alive across a reload
  const ProgramRoute* route = nullptr;
  const VirtualHost* host = nullptr;
  EndpointRef endpoint;     ///< of the current try
  std::uint32_t tries = 0;  ///< started so far: value of x-envoy-attempt-count
  Instant started, request_done = Instant::never();
  Instant route_deadline = Instant::never(), try_deadline = Instant::never();
  bool may_retry = false;                   ///< keep the request body for another try
  std::size_t replay_bytes_max = SIZE_MAX;  ///< up to this size; the proxy may have a lower bound
  Instant deadline() const { return route_deadline < try_deadline ? route_deadline : try_deadline; }

  // The engine's own part.
  ClusterState* cluster = nullptr;
  Loaded* loaded = nullptr;  ///< of `program`
  ListenerCounts* listener = nullptr;
  const Self* peer = nullptr;
  std::uint32_t retries_left = 0;
  enum class Holds : std::uint8_t { kNothing, kDelay, kPending, kRequest } holds = Holds::kNothing;
  bool holds_retry = false, response_started = false;
  std::uint16_t abort_status = 0;
  std::uint32_t tried[8] = {};

  // Linkerd's part. A try is open from its start until its answer is classified.
  enum class Failure : std::uint8_t {
    kNone,
    kFailFast,
    kLoadShed,
    kRequestTimeout,
    kHeadersTimeout,
    kResponseTimeout,
    kIo,
    kUnusableBackend
  };
  Failure failure = Failure::kNone;
  bool try_open = false, waited = false;
  std::uint32_t authorization = UINT32_MAX;  ///< index into the route's clients, who let the caller in
  policy::ClientRateLimiter::Scope limited_by = policy::ClientRateLimiter::Scope::kPassed;
  std::uint32_t drawn = 0;  ///< destination of the route
  int last_status = 0;      ///< of the try
  Instant try_started, response_deadline = Instant::never(), first_data = Instant::never();
};

/// What the proxy knows when a call is over; goes to metrics, access log and the decision ring.
struct CallEnd {
  policy::RequestView request;
  std::string_view protocol = "HTTP/1.1", user_agent, request_id, forwarded_for, original_path;
  std::string_view upstream_address, upstream_local, downstream_local, downstream_remote, server_name;
  std::string_view transport_failure;
  int status = 0;                                                 ///< sent downstream; 0: none
  std::uint64_t request_bytes = 0, response_bytes = 0;            ///< on the wire: heads, framing and bodies
  std::uint64_t request_body_bytes = 0, response_body_bytes = 0;  ///< payload only, as access logs count
  std::optional<Duration> upstream_time;
  bool peer_tls = false;
  std::string_view upstream_identity;
};

class Engine {
 public:
  Engine(std::shared_ptr<const Program>, Rng, Instant now);
  ~Engine();

  /// Swaps the program between two events. Clusters and buckets whose policy did not change keep their state;
  /// calls in flight end under the old one. Returns pool numbers that no new call will use: close their idle
  /// connections.
  std::vector<std::uint32_t> adopt(Instant now, std::shared_ptr<const Program>);
  const Program& program() const;

  // ---- one call, in this order
  // -------------------------------------------------------------------------------------
  /// Rate limit, authorization, route, fault. kWait: an injected delay, then `resume`.
  Verdict begin(Instant now, const policy::RequestView&, Call&);
  Verdict resume(Instant now, Call&);
  /// Chooses an endpoint for the first or next try and sets call.endpoint. kReply: UH, NC.
  Verdict choose_endpoint(Instant now, Call&);
  /// No connection is free: wait in the pool's queue. kReply: UO.
  Verdict enqueue(Instant now, Call&);
  /// Whether another connection may be opened to the endpoint, which has `connections` already; counts it if
  /// so.
  bool open_connection(Instant now, const EndpointRef&, std::uint32_t connections);
  void connection_ready(Instant now, const EndpointRef&);
  void connection_closed(const EndpointRef&);
  /// A connection is free for the call: leaves the queue, the try starts. kReply: UO.
  Verdict start_try(Instant now, Call&);
  /// The downstream request has been read to its end: timeouts start. Not before the call is past its faults.
  void request_complete(Instant now, Call&);
  /// kProceed: forward it. kWait: retry, then `choose_endpoint`.
  Verdict response_head(Instant now, Call&, int status, std::span<const Header> headers);
  /// The first byte of the response's body arrived.
  void response_data(Instant now, Call& call) {
    if (call.first_data.is_never()) call.first_data = now;
  }
  /// The try ended without a response head. kWait: retry, then `choose_endpoint`. kReply, or kReset after a
  /// head.
  Verdict try_failed(Instant now, Call&, policy::TryFailure);
  /// call.deadline() has passed. The try, if any, is over: drop its connection.
  Verdict deadline_passed(Instant now, Call&);
  /// The body grew beyond what may be kept for a retry.
  void forgo_retries(Call&);
  /// Always, exactly once, whatever happened before; releases everything the call holds.
  void finish(Instant now, WallTime, Call&, const CallEnd&);
  /// The downstream client went away before the response was complete; then `finish`.
  void client_gone(Call&);

  // ---- connections
  // -------------------------------------------------------------------------------------------------
  /// Counts a downstream connection refused before any request (plaintext to a STRICT port).
  void refused_connection(Instant now, WallTime, ClosedBy, std::string_view remote);

  // ---- time and views
  // ----------------------------------------------------------------------------------------------
  Instant next_wakeup() const;  ///< next outlier sweep
  void tick(Instant now);
  const telemetry::Registry& metrics();  ///< gauges are brought up to date by the call
  const telemetry::DecisionRing& decisions() const;
  /// Each line comes with its newline; the view is valid during the call.
  void log_access_to(std::function<void(std::string_view line)> sink);

  /// State of every cluster for `status`, the admin page and the demo.
  struct EndpointView {
    std::string_view cluster, pod, address;
    std::uint32_t active_requests;
    bool ejected;
    Instant earliest_return;
    bool probing = false;         ///< a breaker on probation: one request decides
    Duration response_time = {};  ///< as PeakEWMA takes it; zero where it does not balance
  };
  std::vector<EndpointView> endpoints() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace marty::engine
