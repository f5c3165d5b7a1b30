#include "engine/state.hpp"

/// What is left of a call in a Linkerd proxy: the breaker's verdict on its last try, statistics, the access
/// log.
namespace marty::engine {

using telemetry::StepKind;

void Engine::State::finish_linkerd(Instant now, Call& call, const CallEnd& end) {
  std::optional<policy::FailureAccrual::Outcome> outcome;
  if (call.response_started) outcome = policy::FailureAccrual::classify(call.last_status);
  close_linkerd_try(now, call, outcome);
  const policy::ProxyIdentity identity(end.request.peer_identity);
  const Instant data = call.first_data.is_never() ? now : call.first_data;
  auto& series = call.loaded->linkerd_series;
  series.count_call(registry, call, end.status, identity.view(), data - call.started, now - call.started);
}

void Engine::State::count_try(Instant now, const Call& call) {
  const Instant data = call.first_data.is_never() ? now : call.first_data;
  call.loaded->linkerd_series.count_try(registry, call, data - call.try_started, now - call.try_started);
}

void Engine::State::count_retry(const Call& call, LinkerdRetry what) {
  call.loaded->linkerd_series.count_retry(registry, call, what);
}

/// The apache format of config.linkerd.io/access-log, which only the server's side writes.
void Engine::State::log_linkerd(WallTime started, const Call& call, const CallEnd& end) {
  if (!access_log || call.program->direction != Direction::kInbound) return;
  const policy::ProxyIdentity identity(end.request.peer_identity);
  log_line.clear();
  log_line.append(end.downstream_remote).append(" ").append(identity.view().empty() ? "-" : identity.view());
  log_line.append(" - [");
  telemetry::append_utc(started, log_line);
  log_line.append("] \"").append(end.request.method).append(" http://").append(end.request.authority);
  log_line.append(end.request.path).append(" ").append(end.protocol).append("\" ");
  log_line.append(std::to_string(end.status)).append("\n");
  access_log(log_line);
}

}  // namespace marty::engine
