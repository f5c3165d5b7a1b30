#include "io/tls.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <cstring>

#include "io/tls_internal.hpp"

namespace marty::io {
namespace {

// An SSL object asks for bytes through a BIO; ours hands out the ciphertext of the current call and collects
// what is to be sent, so a record costs no system call of its own.
const BIO_METHOD* bio_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "marty wire");
    BIO_meth_set_read(made, &TlsCallbacks::read);
    BIO_meth_set_write(made, &TlsCallbacks::write);
    BIO_meth_set_ctrl(made, &TlsCallbacks::control);
    return made;
  }();
  return method;
}

std::string hex(std::span<const unsigned char> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace

int TlsCallbacks::read(BIO* bio, char* to, int room) {
  auto* const session = static_cast<TlsSession*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  std::string_view* const input = session->input_;
  if (input == nullptr || input->empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t count = std::min(input->size(), static_cast<std::size_t>(room));
  std::memcpy(to, input->data(), count);
  input->remove_prefix(count);
  return static_cast<int>(count);
}

int TlsCallbacks::write(BIO* bio, const char* from, int count) {
  auto* const session = static_cast<TlsSession*>(BIO_get_data(bio));
  if (session->output_ == nullptr || count < 0) return -1;
  session->output_->append(session->pool_, {from, static_cast<std::size_t>(count)});
  return count;
}

long TlsCallbacks::control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int TlsCallbacks::verify(X509_STORE_CTX* chain, void*) {
  if (X509_verify_cert(chain) != 1) return 0;
  auto* const ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* const session = static_cast<TlsSession*>(SSL_get_app_data(ssl));
  const std::vector<std::string> uris = openssl::uri_names(X509_STORE_CTX_get0_cert(chain));
  const auto refuse = [&](std::string why) {
    session->failure_ = std::move(why);
    X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  };
  if (uris.size() != 1) return refuse("the peer's certificate must have exactly one URI name");
  const std::string_view domain = trust_domain_of(uris.front());
  if (domain.empty()) return refuse("the peer's URI name is not a SPIFFE ID: " + uris.front());
  if (domain != trust_domain_of(session->own_identity()))
    return refuse("foreign trust domain: " + uris.front());
  const auto& expected = session->expected_;
  if (!expected.empty() && std::find(expected.begin(), expected.end(), uris.front()) == expected.end()) {
    return refuse("the peer is " + uris.front() + ", expected " + expected.front());
  }
  session->peer_identity_ = uris.front();
  return 1;
}

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, Role role, BufferPool& pool,
                       std::string server_name, std::vector<std::string> expected_identities)
    : context_(std::move(context)),
      pool_(pool),
      server_name_(std::move(server_name)),
      expected_(std::move(expected_identities)),
      engine_(std::make_unique<Engine>()) {
  const auto& contexts = *context_->contexts_;
  SSL* const ssl = SSL_new(role == Role::kClient ? contexts.client.get() : contexts.server.get());
  MARTY_ASSERT(ssl != nullptr);
  engine_->ssl.reset(ssl);
  BIO* const bio = BIO_new(bio_method());
  MARTY_ASSERT(bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_app_data(ssl, this);
  if (role == Role::kServer) {
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
    if (!server_name_.empty()) SSL_set_tlsext_host_name(ssl, server_name_.c_str());
  }
}

TlsSession::~TlsSession() = default;

TlsSession::Progress TlsSession::handshake(std::string_view& cipher, Buffer& wire) {
  input_ = &cipher;
  output_ = &wire;
  ERR_clear_error();
  const int result = SSL_do_handshake(engine_->ssl.get());
  Progress progress = Progress::kDone;
  if (result == 1) {
    read_peer();
  } else if (SSL_get_error(engine_->ssl.get(), result) == SSL_ERROR_WANT_READ) {
    progress = Progress::kMore;
  } else {
    progress = Progress::kFailed;
    note_failure();
  }
  input_ = nullptr;
  output_ = nullptr;
  return progress;
}

void TlsSession::note_failure() {
  const std::string reason = openssl::take_error();
  if (failure_.empty()) failure_ = reason;
}

void TlsSession::read_peer() {
  SSL* const ssl = engine_->ssl.get();
  X509* const cert = SSL_get0_peer_certificate(ssl);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (cert != nullptr && X509_digest(cert, EVP_sha256(), digest, &size) == 1)
    peer_cert_sha256_ = hex({digest, size});
  if (SSL_is_server(ssl) == 0) return;
  if (const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) server_name_ = name;
}

TlsSession::Decrypted TlsSession::decrypt(std::string_view cipher, std::span<char> plain, Buffer& wire) {
  SSL* const ssl = engine_->ssl.get();
  input_ = &cipher;
  output_ = &wire;
  Decrypted got;
  ERR_clear_error();
  for (;;) {
    const std::span<char> room = plain.subspan(got.bytes);
    MARTY_ASSERT(!room.empty());
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl, room.data(), room.size(), &count);
    got.bytes += count;
    if (result == 1) continue;
    const int why = SSL_get_error(ssl, result);
    if (why == SSL_ERROR_WANT_READ) break;
    got.end = why == SSL_ERROR_ZERO_RETURN ? Decrypted::End::kClosed : Decrypted::End::kFailed;
    if (got.end == Decrypted::End::kFailed) note_failure();
    break;
  }
  input_ = nullptr;
  output_ = nullptr;
  return got;
}

void TlsSession::encrypt(std::string_view plain, Buffer& wire) {
  output_ = &wire;
  ERR_clear_error();
  std::size_t written = 0;
  const int result =
      plain.empty() ? 1 : SSL_write_ex(engine_->ssl.get(), plain.data(), plain.size(), &written);
  // The buffer takes everything, so this fails only after a fatal alert: the read side reports that.
  if (result != 1) note_failure();
  output_ = nullptr;
}

void TlsSession::release_buffers() { SSL_free_buffers(engine_->ssl.get()); }

void TlsSession::close_notify(Buffer& wire) {
  output_ = &wire;
  ERR_clear_error();
  SSL_shutdown(engine_->ssl.get());
  ERR_clear_error();
  output_ = nullptr;
}

}  // namespace marty::io
