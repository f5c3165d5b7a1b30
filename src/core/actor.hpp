#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace marty {

/// A connection as the driver names it; never reused while the driver lives (slot and generation).
enum class ConnId : std::uint64_t { kNone = 0 };
/// A listening socket of this actor, numbered by whoever set it up.
enum class ListenerId : std::uint32_t {};

/// "127.66.0.11:8080" or "unix:/run/x.sock". Value type, compared by text.
struct Address {
  std::string text;
  friend bool operator==(const Address&, const Address&) = default;
};

/// Whom we talk to. Views stay valid until the connection is closed.
struct Peer {
  std::string_view remote;        ///< "127.0.0.1:41234"
  std::string_view local;         ///< our end
  std::string_view identity;      ///< verified SPIFFE URI, empty on plaintext
  std::string_view own_identity;  ///< the SPIFFE URI we presented, empty on plaintext
  std::string_view cert_sha256;   ///< hex digest of the peer's certificate, empty on plaintext
  std::string_view server_name;   ///< SNI, empty when none
  bool tls = false;
};

enum class ClosedBy {
  kPeer,            ///< orderly end of stream
  kReset,           ///< RST or I/O error
  kRefused,         ///< connect: nobody listens
  kConnectTimeout,  ///< connect: deadline passed
  kTlsFailure,      ///< handshake failed: unknown CA, wrong version, no certificate, wrong identity
  kPlaintext,       ///< a listener that requires TLS was sent plaintext (or garbage)
};

/// How a listener or a connection uses TLS. Key material belongs to the driver; actors only choose.
enum class Security {
  kPlaintext,
  kMutualTls,   ///< listener: TLS with a client certificate only; connect: our certificate, peer verified
  kPermissive,  ///< listeners only: the first byte decides (0x16 is a TLS handshake record)
};

struct ConnectOptions {
  Security security = Security::kPlaintext;
  std::string_view server_name;                      ///< SNI to send, may be empty
  std::span<const std::string> expected_identities;  ///< SPIFFE URIs of which the peer must present one;
                                                     ///< empty: any of our trust domain
  Duration timeout = 10s;                            ///< covers connect and handshake
  std::string_view source = {};                      ///< IPv4 address to come from; empty: as routed
};

/// What an actor can do to the world. Implemented by io::Loop on sockets and by tests in memory. All calls
/// return at once; results arrive as Actor events in a later turn, never from inside the call.
class Transport {
 public:
  virtual ~Transport() = default;

  virtual ConnId connect(const Address&, const ConnectOptions&) = 0;
  /// Appends to the connection's output; flushed once per turn, so small writes batch into one system call.
  /// The buffer is unbounded on its own: stop producing while `unsent()` is above your limit and go on at
  /// on_drained.
  virtual void write(ConnId, std::string_view bytes) = 0;
  virtual std::size_t unsent(ConnId) const = 0;
  /// Stops or restarts on_bytes for this connection (back-pressure); the end of stream is held back as well.
  /// On restart, bytes that were left unconsumed are shown again in a later turn even if no more arrive.
  virtual void pause(ConnId, bool paused) = 0;
  /// Sends what is written, then closes. No event follows for this id.
  virtual void close(ConnId) = 0;
  /// Closes at once with RST, dropping what is unsent. No event follows for this id.
  virtual void abort(ConnId) = 0;
  /// Asks for on_timer at or after `at`; the earliest request wins and is consumed by the call.
  virtual void wake_at(Instant at) = 0;
  virtual Peer peer(ConnId) const = 0;
};

/// A sidecar, the petstore server, the admin page: reacts to events, owns no socket and no clock. One actor
/// lives on one loop; its calls never overlap.
class Actor {
 public:
  virtual ~Actor() = default;

  virtual void on_accepted(Instant, ListenerId, ConnId) = 0;
  virtual void on_connected(Instant, ConnId) = 0;
  /// Bytes received and not yet consumed, contiguous. Returns how many were consumed; the rest is kept by the
  /// driver and shown again, longer, when more arrives. Leave an incomplete message head unconsumed; consume
  /// bodies at once.
  virtual std::size_t on_bytes(Instant, ConnId, std::string_view bytes) = 0;
  /// All written bytes went to the kernel after `unsent()` had been above zero at the end of a turn.
  virtual void on_drained(Instant, ConnId) = 0;
  /// The connection ended; the id is dead after this call. Unconsumed bytes are dropped.
  virtual void on_closed(Instant, ConnId, ClosedBy) = 0;
  virtual void on_timer(Instant) = 0;
};

}  // namespace marty
