#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/actor.hpp"
#include "core/result.hpp"
#include "io/identity.hpp"
#include "io/loop.hpp"
#include "io/tls.hpp"

namespace marty::io {

struct Listener;

/// One actor's Transport on a loop. An actor takes its transport when it is made, so the two are tied
/// afterwards:
///
///   auto transport = loop.new_transport();
///   http::Server server(*transport, handler);
///   transport->bind(server);
///   MARTY_TRY(transport->listen(ListenerId{1}, {"127.0.0.1:0"}, Security::kPlaintext));
///
/// Destroying it between turns (or in a posted function) detaches the actor: listeners close, connections
/// send what was written and close, no further event comes. The loop must outlive it; the actor may die first
/// or after.
class LoopTransport final : public Transport, private Alarm {
 public:
  ~LoopTransport() override;
  LoopTransport(const LoopTransport&) = delete;

  /// Once, before the next turn.
  void bind(Actor& actor) { actor_ = &actor; }

  /// Accepts for the actor; with TLS, on_accepted comes after the handshake. Port 0 takes any free port, see
  /// bound_address(). Errors: bad or used address; TLS asked for without an identity.
  Status listen(ListenerId, const Address&, Security);
  Address bound_address(ListenerId) const;
  /// Stops accepting; connections live on. Unix socket files are removed.
  void unlisten(ListenerId);

  /// The certificate for connections from now on; existing ones keep theirs.
  Status set_identity(const Identity&);
  std::shared_ptr<const TlsContext> tls() const { return tls_; }

  /// Told about connections that never became the actor's: plaintext where TLS is demanded (kPlaintext), a
  /// failed (kTlsFailure) or unfinished (kConnectTimeout) handshake. `reason` is for people.
  using Rejected =
      std::function<void(Instant, ListenerId, ClosedBy, std::string_view remote, std::string_view reason)>;
  void on_rejected(Rejected call) { rejected_ = std::move(call); }

  ConnId connect(const Address&, const ConnectOptions&) override;
  void write(ConnId, std::string_view bytes) override;
  std::size_t unsent(ConnId) const override;
  void pause(ConnId, bool paused) override;
  void close(ConnId) override;
  void abort(ConnId) override;
  void wake_at(Instant when) override;
  Peer peer(ConnId) const override;

 private:
  friend class Loop;
  friend class SocketDriver;
  LoopTransport(Loop&, SocketDriver&);
  void on_alarm(Instant now) override;
  Actor& actor() const;

  Loop& loop_;
  SocketDriver& driver_;
  Actor* actor_ = nullptr;
  std::shared_ptr<const TlsContext> tls_;
  Rejected rejected_;
  std::vector<std::shared_ptr<Listener>> listeners_;
};

}  // namespace marty::io
