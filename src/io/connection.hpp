#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/actor.hpp"
#include "io/buffer.hpp"
#include "io/loop.hpp"
#include "io/socket.hpp"
#include "io/tls.hpp"

namespace marty::io {

/// One socket of an actor, in a slot that is used again under a new generation.
struct Connection final : Alarm {
  enum class State : std::uint8_t {
    kFree,
    kConnecting,
    kSniffing,  ///< accepted where TLS is possible: the first byte decides
    kHandshaking,
    kOpen,
    kFlushing,   ///< closed by its actor (or refused): the rest of the output goes out
    kLingering,  ///< our FIN is sent: reads and drops until the peer's, so that no reset overtakes our last
                 ///< bytes
    kDead,       ///< descriptor closed, slot freed at the end of the turn
  };
  struct PeerText {
    std::string remote, local;
  };

  void on_alarm(Instant now) override;
  bool has_unsent() const { return !wire.empty() || !plain.empty(); }
  std::size_t unsent() const { return wire.size() + plain.size(); }

  SocketDriver* driver = nullptr;
  ConnId id = ConnId::kNone;
  int fd = -1;
  State state = State::kFree;
  bool outbound = false;
  bool local = false;           ///< a unix socket: EPOLLOUT is asked for only once a send was short
  bool wants_writable = false;  ///< EPOLLOUT is part of the registration
  bool readable = false;        ///< recv may have something (edge-triggered memory)
  bool writable = false;
  bool ended = false;   ///< epoll has told of FIN, reset or error: read on after a short read
  bool failed = false;  ///< EPOLLERR, or a send failed
  bool paused = false;
  bool show_again = false;         ///< resumed with unconsumed bytes
  bool ending = false;             ///< on_closed is being or was told: the actor can only ask for the peer
  bool dirty = false;              ///< on the list of connections to flush
  bool queued = false;             ///< on the list of connections to go on with
  bool drain_watched = false;      ///< the actor saw unsent() > 0, or a turn ended so: owes it on_drained
  bool drained = false;            ///< on_drained is due
  bool received = false;           ///< application bytes have arrived
  bool tls_listed = false;         ///< on the list of TLS connections that hold record buffers
  bool tls_used = false;           ///< since the list was last looked through
  std::optional<ClosedBy> end;     ///< to be told when not paused
  LoopTransport* owner = nullptr;  ///< null once closed or detached
  ListenerId listener{};
  Security security = Security::kPlaintext;
  std::uint32_t lingered_bytes = 0;
  Buffer in;     ///< received, not consumed
  Buffer plain;  ///< written, not yet encrypted (TLS only)
  Buffer wire;   ///< to be sent
  sockaddr_in remote_ip{};
  std::unique_ptr<TlsSession> tls;
  std::unique_ptr<PeerText> text;  ///< made when somebody asks
};

/// Slots with generations: a ConnId is 39 bits of generation over 24 bits of slot number plus one, top bit
/// clear.
class ConnectionTable {
 public:
  Connection& add();
  /// The slot's storage is kept; the id is dead from now on.
  void remove(Connection&);
  Connection* find(ConnId);
  std::size_t size() const { return slots_.size() - free_.size(); }
  const std::vector<std::unique_ptr<Connection>>& slots() const { return slots_; }

 private:
  std::vector<std::unique_ptr<Connection>> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace marty::io
