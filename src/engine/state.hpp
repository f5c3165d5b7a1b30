#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "engine/loaded.hpp"
#include "engine/replies.hpp"

namespace marty::engine {

/// The engine's memory. One generator per use, so that a draw more in one policy changes no other.
struct Engine::State {
  State(std::shared_ptr<const Program>, Rng, Instant now);

  /// Numbers the connection pools of `loaded`: an endpoint that was there before keeps its number. Returns
  /// the numbers that are out of use.
  std::vector<std::uint32_t> assign_pools();

  // engine_begin.cpp
  Verdict begin_inbound(Instant now, const policy::RequestView&, Call&);
  Verdict begin_outbound(Instant now, const policy::RequestView&, Call&);
  std::optional<Verdict> check_rate_limits(Instant now, Call&);
  std::optional<Verdict> check_authorization(Instant now, const policy::RequestView&, Call&);
  void enter_route(Instant now, Call&, const ProgramRoute&);
  Verdict draw_faults(Instant now, Call&);
  Verdict abort_if_drawn(Instant now, Call&);

  // linkerd_begin.cpp
  Verdict begin_linkerd_inbound(Instant now, const policy::RequestView&, Call&);
  Verdict begin_linkerd_outbound(Instant now, const policy::RequestView&, Call&);
  void enter_linkerd_route(Call&, const ProgramRoute&);
  /// An answer of our own with `error_text` as its reason.
  Verdict answer_linkerd(Call&, int status, Call::Failure, bool close = false);

  // linkerd_try.cpp
  Verdict choose_linkerd(Instant now, Call&);
  Verdict linkerd_response_head(Instant now, Call&, int status);
  Verdict linkerd_try_failed(Instant now, Call&, policy::TryFailure);
  Verdict linkerd_deadline(Instant now, Call&);
  void close_linkerd_try(Instant now, Call&, std::optional<policy::FailureAccrual::Outcome>);
  Verdict no_endpoint(Instant now, Call&, bool failing);
  std::optional<Verdict> linkerd_retry(Instant now, Call&, bool wanted);

  // linkerd_finish.cpp
  void finish_linkerd(Instant now, Call&, const CallEnd&);
  void count_try(Instant now, const Call&);
  void count_retry(const Call&, LinkerdRetry);
  void log_linkerd(WallTime started, const Call&, const CallEnd&);

  // engine_try.cpp
  std::optional<Verdict> retry(Instant now, Call&);

  void log(const telemetry::AccessEntry&);
  void forget_gauges(std::string_view cluster);

  std::shared_ptr<Loaded> loaded;
  std::vector<std::shared_ptr<Loaded>> retired;  ///< older programs with connections still open
  Rng split, balance, fault, limit, jitter, setup;
  TextMap<std::uint32_t> pool_numbers;
  std::uint32_t next_pool = 0;
  std::vector<std::size_t> returned;  ///< scratch
  Loaded::Listeners listeners;        ///< statistics that outlive a program

  telemetry::Registry registry;
  telemetry::DecisionRing decisions;
  std::function<void(std::string_view)> access_log;
  std::string log_line;    ///< scratch
  std::string error_text;  ///< scratch, behind LocalReply::proxy_error
};

/// Remembers one step of the decision on the call.
inline void note(Instant now, Call& call, telemetry::StepKind kind, Origin origin, std::uint32_t a = 0,
                 std::uint32_t b = 0) {
  call.trace.add(kind, origin, now - call.started, a, b);
}
/// For a step's number: up to 2^32-1.
inline std::uint32_t clamped(std::int64_t value) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, UINT32_MAX));
}
inline std::uint32_t in_ms(Duration d) { return clamped(d / 1ms); }
/// Ends the call with an answer of our own.
Verdict answer(Call&, const replies::Reply&);
/// Gives back what the current try holds: its place in the queue or its request slot.
void release_try(Call&);
Verdict wait_until(Instant);
Verdict direct_response(Instant now, Call&, const mesh::DirectResponse&);
inline bool is_linkerd(const Call& call) { return call.program->mesh_kind == mesh::MeshKind::kLinkerd; }
/// Starts the timeouts of a try that has been sent, once the request is complete.
void start_linkerd_try_timeouts(Call&);
/// An injected delay is over, or its client is gone.
inline void end_delay(Call& call) {
  if (call.holds != Call::Holds::kDelay) return;
  --call.listener->delayed_now;
  call.holds = Call::Holds::kNothing;
}

}  // namespace marty::engine
