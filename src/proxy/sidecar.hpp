#pragma once

#include <memory>

#include "core/actor.hpp"
#include "core/rng.hpp"
#include "engine/engine.hpp"
#include "proxy/settings.hpp"

namespace marty::proxy {

/// One direction of a sidecar as an actor: HTTP/1.1 in, HTTP/1.1 out, every choice made by its Engine.
/// Outbound, it is also a forward proxy (absolute-form targets). Inbound, it decides on each connection's
/// identity before it reads a request. Owns no socket and no clock; one loop, no locks. Each request has one
/// Stream, each endpoint one pool of connections; at most one request is read ahead of its answer (pipelined
/// ones wait in the driver's buffer).
class Sidecar : public Actor {
 public:
  /// `wall_offset`: civil time minus monotonic time, for logs and the Date header.
  Sidecar(Transport&, std::shared_ptr<const engine::Program>, Rng, Instant now, Duration wall_offset,
          Settings = {});
  ~Sidecar() override;

  /// Swaps the program without losing a request.
  void adopt(Instant now, std::shared_ptr<const engine::Program>);
  /// Answers what is in flight, closing each connection after its response; idle ones close at once.
  void drain(Instant now);
  /// True when no downstream connection is left.
  bool drained() const;
  engine::Engine& engine();
  const engine::Engine& engine() const;

  void on_accepted(Instant, ListenerId, ConnId) override;
  void on_connected(Instant, ConnId) override;
  std::size_t on_bytes(Instant, ConnId, std::string_view bytes) override;
  void on_drained(Instant, ConnId) override;
  void on_closed(Instant, ConnId, ClosedBy) override;
  void on_timer(Instant) override;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace marty::proxy
