#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "io/buffer.hpp"
#include "io/identity.hpp"

namespace marty::io {

/// Key material and rules for TLS 1.3, made once per identity and shared by its connections; immutable. Both
/// sides present a certificate, verify the peer's chain against the bundle and demand exactly one URI name of
/// our trust domain (X.509-SVID section 5.2). No resumption, so that a rotated identity is what every new
/// connection uses.
class TlsContext {
 public:
  /// Errors when a PEM does not parse, key and certificate differ, or the certificate is not for `spiffe_id`.
  static Result<std::shared_ptr<const TlsContext>> create(const Identity&);
  ~TlsContext();

  const std::string& spiffe_id() const { return spiffe_id_; }

 private:
  friend class TlsSession;
  struct Contexts;
  TlsContext();
  std::unique_ptr<Contexts> contexts_;
  std::string spiffe_id_;
};

/// One TLS connection as a filter of bytes: it owns no socket, whoever drives it moves the ciphertext. What
/// is to be sent is appended to the `wire` buffer given with each call.
class TlsSession {
 public:
  enum class Role { kClient, kServer };
  enum class Progress { kMore, kDone, kFailed };
  struct Decrypted {
    std::size_t bytes = 0;
    enum class End { kOpen, kClosed, kFailed } end = End::kOpen;  ///< kClosed: the peer said close_notify
  };
  /// Room that decrypt() needs beyond the ciphertext's size: one record may have been waiting for its last
  /// byte.
  static constexpr std::size_t kExtraPlain = 17 * 1024;

  /// `server_name` and `expected_identities` are for clients, may be empty.
  TlsSession(std::shared_ptr<const TlsContext>, Role, BufferPool&, std::string server_name = {},
             std::vector<std::string> expected_identities = {});
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;

  /// Takes bytes off `cipher`; what remains at kDone belongs to decrypt().
  Progress handshake(std::string_view& cipher, Buffer& wire);
  /// Takes all of `cipher`; `plain` must have room for its size plus kExtraPlain.
  Decrypted decrypt(std::string_view cipher, std::span<char> plain, Buffer& wire);
  void encrypt(std::string_view plain, Buffer& wire);
  void close_notify(Buffer& wire);
  /// Gives back the 33 KiB of record buffers, for a connection that went quiet; the next record makes them
  /// anew.
  void release_buffers();

  std::string_view peer_identity() const { return peer_identity_; }
  std::string_view own_identity() const { return context_->spiffe_id(); }
  std::string_view peer_cert_sha256() const { return peer_cert_sha256_; }
  std::string_view server_name() const { return server_name_; }
  /// Why the handshake or the session failed.
  const std::string& failure() const { return failure_; }

 private:
  friend struct TlsCallbacks;
  struct Engine;
  void note_failure();
  void read_peer();

  std::shared_ptr<const TlsContext> context_;
  BufferPool& pool_;
  std::string_view* input_ = nullptr;  ///< set during a call only
  Buffer* output_ = nullptr;
  std::string server_name_;
  std::vector<std::string> expected_;
  std::string peer_identity_;
  std::string peer_cert_sha256_;
  std::string failure_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace marty::io
