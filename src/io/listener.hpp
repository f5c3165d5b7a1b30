#pragma once

#include "io/loop_transport.hpp"
#include "io/socket.hpp"

namespace marty::io {

/// A listening socket of one actor. Level-triggered: what a turn does not accept is announced again.
struct Listener final : Alarm, std::enable_shared_from_this<Listener> {
  Listener(Loop& on, LoopTransport& of, SocketDriver& by) : loop(on), owner(of), driver(by) {}
  ~Listener() { stop(); }

  Status start();
  void stop();
  /// Out of descriptors: the backlog keeps the clients while we wait for some to become free.
  void pause_briefly();
  void on_alarm(Instant) override;

  Loop& loop;
  LoopTransport& owner;
  SocketDriver& driver;
  ListenerId id{};
  Security security = Security::kPlaintext;
  SocketAddress address;  ///< as bound
  Fd fd;
  WatchId watch{};
};

}  // namespace marty::io
