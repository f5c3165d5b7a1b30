#include "engine/state.hpp"

/// What is left of a call: metrics, access log, decision ring.
namespace marty::engine {

using telemetry::Flag;
using telemetry::StepKind;

namespace {

std::uint64_t whole_ms(Duration d) { return d.count() > 0 ? static_cast<std::uint64_t>(d / 1ms) : 0; }

void record(const Series& series, Duration duration, const CallEnd& end) {
  ++*series.requests;
  series.duration->record(whole_ms(duration));
  series.request_bytes->record(end.request_bytes);
  series.response_bytes->record(end.response_bytes);
  for (auto* counter : {series.listener, series.listener_class, series.cluster_code, series.cluster_class})
    if (counter) ++*counter;
}

std::string_view route_name(const Call& call) {
  if (call.route) return call.route->name;
  return call.program && !call.host && call.program->direction == Direction::kOutbound ? "block_all" : "";
}

telemetry::AccessEntry entry_of(WallTime finished, Duration duration, const Call& call, const CallEnd& end) {
  telemetry::AccessEntry entry;
  entry.start = {finished.ns - duration.count()};
  entry.method = end.request.method;
  entry.path = end.original_path.empty() ? end.request.path : end.original_path;
  entry.protocol = end.protocol;
  entry.status = end.status;
  entry.flags = call.flags;
  entry.details = call.details;
  entry.transport_failure = end.transport_failure;
  entry.bytes_received = end.request_body_bytes;
  entry.bytes_sent = end.response_body_bytes;
  entry.duration = duration;
  entry.upstream_time = end.upstream_time;
  entry.forwarded_for = end.forwarded_for;
  entry.user_agent = end.user_agent;
  entry.request_id = end.request_id;
  entry.authority = end.request.authority;
  entry.upstream_host = end.upstream_address;
  if (call.cluster) entry.upstream_cluster = call.cluster->cluster->name;
  entry.upstream_local = end.upstream_local;
  entry.downstream_local = end.downstream_local;
  entry.downstream_remote = end.downstream_remote;
  entry.server_name = end.server_name;
  entry.route_name = route_name(call);
  return entry;
}

void note_end(Instant now, Call& call, int status) {
  const auto steps = call.trace.steps();
  if (call.flags.has(Flag::kDownstreamConnectionTermination)) {
    note(now, call, StepKind::kClientGone, {}, clamped(status));
  } else if (steps.empty() || steps.back().kind != StepKind::kReset) {
    note(now, call, StepKind::kResponded, {}, clamped(status), call.response_started ? 0 : 1);
  }
}

}  // namespace

void Engine::State::log(const telemetry::AccessEntry& entry) {
  if (!access_log) return;
  log_line.clear();
  telemetry::append_access_text(entry, log_line);
  access_log(log_line);
}

void Engine::client_gone(Call& call) {
  call.flags.set(Flag::kDownstreamConnectionTermination);
  call.details = "downstream_remote_disconnect";
}

void Engine::finish(Instant now, WallTime finished, Call& call, const CallEnd& end) {
  auto& state = *state_;
  end_delay(call);
  const bool linkerd = call.program && is_linkerd(call);
  if (linkerd) state.finish_linkerd(now, call, end);
  release_try(call);
  if (call.holds_retry) call.cluster->shared->limits.retry_finished();
  call.holds_retry = false;
  note_end(now, call, end.status);

  const auto duration = now - call.started;
  std::uint64_t generation = state.loaded->program->generation;
  if (call.program) {  // else it was answered before it began: no path, no method that can be served
    generation = call.program->generation;
    // The cache belongs to a program: its keys are addresses in it.
    const bool current = call.program.get() == state.loaded->program.get();
    if (!linkerd)
      record(current ? state.loaded->series.find(state.registry, *call.program, call, end)
                     : series_of(state.registry, *call.program, call, end, call.peer),
             duration, end);
  }
  if (linkerd)
    state.log_linkerd({finished.ns - duration.count()}, call, end);
  else if (state.access_log)
    state.log(entry_of(finished, duration, call, end));
  state.decisions.record(finished, end.request.method, end.request.path, end.status, call.flags, generation,
                         call.trace, end.request.peer_identity);
  call.program.reset();
  call.cluster = nullptr;
  call.loaded = nullptr;
}

void Engine::refused_connection(Instant, WallTime at, ClosedBy why, std::string_view remote) {
  auto& state = *state_;
  const auto& program = *state.loaded->program;
  telemetry::AccessEntry entry;
  entry.start = at;
  entry.downstream_remote = remote;
  if (why == ClosedBy::kPlaintext) {
    entry.flags.set(Flag::kNoRoute);
    entry.details = "filter_chain_not_found";
  } else {
    entry.transport_failure = "TLS_error:handshake_failed:TLS_error_end";
  }
  telemetry::Trace trace;
  trace.add(StepKind::kPlaintextRefused, program.mtls.origin, {}, static_cast<std::uint32_t>(*program.mtls));
  state.log(entry);
  state.decisions.record(at, "", remote, 0, entry.flags, program.generation, trace);
}

const telemetry::DecisionRing& Engine::decisions() const { return state_->decisions; }

void Engine::log_access_to(std::function<void(std::string_view line)> sink) {
  state_->access_log = std::move(sink);
}

}  // namespace marty::engine
