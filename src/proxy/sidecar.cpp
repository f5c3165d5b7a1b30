#include "proxy/sidecar.hpp"

#include <ctime>

#include "proxy/core.hpp"

namespace marty::proxy {
namespace {

/// What a stream may keep of a large body's memory for the next request.
constexpr std::size_t kBodyKept = 64 << 10;

}  // namespace

Sidecar::Sidecar(Transport& transport, std::shared_ptr<const engine::Program> program, Rng rng, Instant now,
                 Duration wall_offset, Settings settings)
    : core_(std::make_unique<Core>(transport, std::move(program), rng, now, wall_offset, settings)) {}
Sidecar::~Sidecar() = default;

void Sidecar::adopt(Instant now, std::shared_ptr<const engine::Program> program) {
  core_->adopt(now, std::move(program));
}
void Sidecar::drain(Instant now) { core_->drain(now); }
bool Sidecar::drained() const { return core_->drained(); }
engine::Engine& Sidecar::engine() { return core_->engine(); }
const engine::Engine& Sidecar::engine() const { return core_->engine(); }

void Sidecar::on_accepted(Instant now, ListenerId, ConnId id) { core_->accepted(now, id); }
void Sidecar::on_connected(Instant now, ConnId id) { core_->connected(now, id); }
std::size_t Sidecar::on_bytes(Instant now, ConnId id, std::string_view bytes) {
  return core_->bytes(now, id, bytes);
}
void Sidecar::on_drained(Instant now, ConnId id) { core_->sent(now, id); }
void Sidecar::on_closed(Instant now, ConnId id, ClosedBy by) { core_->closed(now, id, by); }
void Sidecar::on_timer(Instant now) { core_->timer(now); }

Sidecar::Core::Core(Transport& transport, std::shared_ptr<const engine::Program> program, Rng rng,
                    Instant now, Duration wall_offset, Settings settings)
    : transport_(transport),
      settings_(settings),
      engine_(std::move(program), rng.split("engine"), now),
      ids_(rng.split("request-id")),
      wall_offset_(wall_offset) {}

Sidecar::Core::~Core() = default;

void Sidecar::Core::adopt(Instant now, std::shared_ptr<const engine::Program> program) {
  for (const std::uint32_t number : engine_.adopt(now, std::move(program))) {
    Pool& retired = pool(number);
    retired.retired = true;
    while (!retired.idle.empty()) discard(*retired.idle.back());
  }
  wake();
}

void Sidecar::Core::drain(Instant) {
  draining_ = true;
  std::vector<Downstream*> idle;
  for (const auto& [id, down] : down_by_id_) {
    if (down->stream == nullptr) idle.push_back(down);
  }
  for (Downstream* down : idle) close_downstream(*down);
}

void Sidecar::Core::connected(Instant now, ConnId id) {
  const auto found = up_by_id_.find(id);
  if (found == up_by_id_.end()) return;
  Upstream& up = *found->second;
  up.connected = true;
  engine_.connection_ready(now, up.ref);
  serve_waiting(now, up);
  wake();
}

std::size_t Sidecar::Core::bytes(Instant now, ConnId id, std::string_view bytes) {
  std::size_t consumed = bytes.size();
  if (const auto down = down_by_id_.find(id); down != down_by_id_.end()) {
    consumed = read_downstream(now, *down->second, bytes);
  } else if (const auto up = up_by_id_.find(id); up != up_by_id_.end()) {
    consumed = read_upstream(now, *up->second, bytes);
  }
  wake();
  return consumed;
}

void Sidecar::Core::closed(Instant now, ConnId id, ClosedBy by) {
  if (const auto down = down_by_id_.find(id); down != down_by_id_.end()) {
    downstream_closed(now, *down->second);
  } else if (const auto up = up_by_id_.find(id); up != up_by_id_.end()) {
    upstream_closed(now, *up->second, by);
  }
  wake();
}

/// A side that was full has room again: let the other side produce.
void Sidecar::Core::sent(Instant, ConnId id) {
  if (const auto found = down_by_id_.find(id); found != down_by_id_.end()) {
    Stream* const stream = found->second->stream;
    if (stream == nullptr || stream->up == nullptr || !stream->up->paused) return;
    stream->up->paused = false;
    timers_.cancel(stream->down->deadline);
    transport_.pause(stream->up->id, false);
  } else if (const auto up = up_by_id_.find(id); up != up_by_id_.end()) {
    Stream* const stream = up->second->stream;
    if (stream != nullptr && !stream->request_complete) resume(*stream->down);
  }
  wake();
}

void Sidecar::Core::timer(Instant now) {
  armed_ = Instant::never();
  engine_.tick(now);
  while (Timer* due = timers_.pop_due(now)) {
    auto& deadline_due = static_cast<Deadline&>(*due);
    switch (deadline_due.owner) {
      case Deadline::Owner::kStream:
        deadline(now, *static_cast<Stream*>(deadline_due.object));
        break;
      case Deadline::Owner::kUpstream:
        discard(*static_cast<Upstream*>(deadline_due.object));
        break;
      case Deadline::Owner::kDownstream:
        out_of_patience(now, *static_cast<Downstream*>(deadline_due.object));
        break;
    }
  }
  wake();
}

/// Asks the driver for the next deadline, if it is earlier than what was asked for.
void Sidecar::Core::wake() {
  const Instant next = std::min(timers_.next(), engine_.next_wakeup());
  if (next >= armed_) return;
  armed_ = next;
  transport_.wake_at(next);
}

ResponseStamp Sidecar::Core::stamp(Instant now) {
  const std::int64_t second = (now.ns + wall_offset_.count()) / 1'000'000'000;
  if (second != date_second_) {
    date_second_ = second;
    const std::time_t time = static_cast<std::time_t>(second);
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::strftime(date_, sizeof date_, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  }
  const bool inbound = engine_.program().direction == engine::Direction::kInbound;
  return {inbound ? "istio-envoy" : "envoy", date_};
}

void Stream::reset() {
  down = nullptr;
  up = nullptr;
  call = {};
  stage = Stage::kQueued;
  head.clear();
  body.clear();
  if (body.capacity() > kBodyKept) body.shrink_to_fit();
  request_complete = chunked_request = chunked_response = routed = false;
  status = 0;
  request_bytes = response_bytes = request_body_bytes = response_body_bytes = 0;
  upstream_time = Duration{-1};
  transport_failure = {};
}

}  // namespace marty::proxy
