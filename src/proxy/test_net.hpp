#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/actor.hpp"

namespace marty::proxy::testing {

/// A network of one actor in memory, for tests: what it connects to, writes and closes is recorded; the test
/// plays clients and servers. Keeps unconsumed bytes and honours pause() as a driver must; nothing happens by
/// itself.
class TestNet : public Transport {
 public:
  struct Connection {
    Address to;  ///< empty: accepted
    Security security = Security::kPlaintext;
    std::string sent;    ///< what the actor wrote
    std::string unread;  ///< received, not consumed
    std::string identity;
    bool paused = false, closed = false, aborted = false;
    std::size_t unsent = 0;  ///< what the test says has not left yet
  };

  void bind(Actor& actor) { actor_ = &actor; }

  ConnId accept(std::string identity = {}) {
    const ConnId id = add({});
    connections[id].identity = std::move(identity);
    actor_->on_accepted(now, ListenerId{1}, id);
    return id;
  }
  void receive(ConnId id, std::string_view bytes) {
    connections[id].unread += bytes;
    show(id);
  }
  /// Shows kept bytes again where a pause has ended, until nothing moves any more.
  void settle() {
    for (bool moved = true; moved;) {
      moved = false;
      const auto again = std::exchange(resumed_, {});
      for (const ConnId id : again) moved |= show(id);
    }
  }
  void end(ConnId id, ClosedBy by) {
    connections[id].closed = true;
    actor_->on_closed(now, id, by);
  }
  void establish(ConnId id) { actor_->on_connected(now, id); }
  /// Moves time, waking the actor whenever it asked for it.
  void advance(Duration by) {
    const Instant until = now + by;
    while (wake_ <= until) {
      now = std::max(now, wake_);
      wake_ = Instant::never();
      actor_->on_timer(now);
    }
    now = until;
  }
  /// The connections that the actor opened and that are still open, oldest first.
  std::vector<ConnId> upstreams() const {
    std::vector<ConnId> open;
    for (const auto& [id, c] : connections) {
      if (!c.to.text.empty() && !c.closed) open.push_back(id);
    }
    return open;
  }
  std::string take_sent(ConnId id) { return std::exchange(connections[id].sent, {}); }

  ConnId connect(const Address& to, const ConnectOptions& options) override {
    const ConnId id = add(to);
    connections[id].security = options.security;
    return id;
  }
  void write(ConnId id, std::string_view bytes) override { connections[id].sent += bytes; }
  std::size_t unsent(ConnId id) const override { return connections.at(id).unsent; }
  void pause(ConnId id, bool paused) override {
    connections[id].paused = paused;
    if (!paused) resumed_.insert(id);
  }
  void close(ConnId id) override { connections[id].closed = true; }
  void abort(ConnId id) override { connections[id].closed = connections[id].aborted = true; }
  void wake_at(Instant at) override { wake_ = std::min(wake_, at); }
  Peer peer(ConnId id) const override {
    const auto& c = connections.at(id);
    return {.remote = "127.0.0.1:40000",
            .local = "127.66.1.11:8080",
            .identity = c.identity,
            .own_identity = "spiffe://cluster.local/ns/shop/sa/pets",
            .cert_sha256 = "ab12",
            .server_name = {},
            .tls = !c.identity.empty()};
  }

  Instant now{1'000'000'000};
  std::map<ConnId, Connection> connections;

 private:
  ConnId add(Address to) {
    const ConnId id{++last_};
    connections[id].to = std::move(to);
    return id;
  }
  bool show(ConnId id) {
    auto& c = connections[id];
    if (c.paused || c.closed || c.unread.empty()) return false;
    const std::string bytes = c.unread;  // the actor may receive nothing else while it looks at them
    const std::size_t consumed = actor_->on_bytes(now, id, bytes);
    connections[id].unread.erase(0, consumed);
    return consumed > 0;
  }

  Actor* actor_ = nullptr;
  std::uint64_t last_ = 0;
  Instant wake_ = Instant::never();
  std::set<ConnId> resumed_;
};

}  // namespace marty::proxy::testing
