#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "io/ca.hpp"
#include "io/clock.hpp"
#include "io/loop_transport.hpp"

/// What the tests of this folder share: a loop that runs until something is true, and an actor that notes
/// events.
namespace marty::io::testing {

template <class Condition>
bool run_until(Loop& loop, Condition condition, Duration limit = 10s) {
  const Instant deadline = io::now() + limit;
  while (!condition() && io::now() < deadline) loop.run_once(20ms);
  return condition();
}

/// Notes everything; `echo` writes back what comes, `eat` bounds what is consumed per call.
class NotingActor : public Actor {
 public:
  explicit NotingActor(Loop& loop) : transport(loop.new_transport()) { transport->bind(*this); }

  void on_accepted(Instant, ListenerId, ConnId id) override {
    accepted.push_back(id);
    if (when_accepted) when_accepted(id);
  }
  void on_connected(Instant, ConnId id) override { connected.push_back(id); }
  std::size_t on_bytes(Instant, ConnId id, std::string_view bytes) override {
    if (when_bytes) return when_bytes(id, bytes);
    received[id] += bytes;
    if (echo) transport->write(id, bytes);
    return bytes.size();
  }
  void on_drained(Instant, ConnId id) override {
    ++drained;
    if (when_drained) when_drained(id);
  }
  void on_closed(Instant, ConnId id, ClosedBy by) override {
    closed.emplace(id, by);
    last_peer = std::string(transport->peer(id).identity);
  }
  void on_timer(Instant) override { ++timers; }

  std::unique_ptr<LoopTransport> transport;
  std::vector<ConnId> accepted, connected;
  std::map<ConnId, std::string> received;
  std::map<ConnId, ClosedBy> closed;
  std::function<void(ConnId)> when_accepted, when_drained;
  std::function<std::size_t(ConnId, std::string_view)> when_bytes;
  std::string last_peer;
  int drained = 0;
  int timers = 0;
  bool echo = false;
};

std::unique_ptr<Loop> make_loop();

inline constexpr ListenerId kListener{7};

Address listen_on_free_port(NotingActor& actor, Security security = Security::kPlaintext);

/// A directory that is removed with everything in it.
struct TemporaryDirectory {
  TemporaryDirectory();
  ~TemporaryDirectory();
  std::string path;
};

}  // namespace marty::io::testing
