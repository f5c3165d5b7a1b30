#include <array>

#include "io/tls_internal.hpp"

namespace marty::io {
namespace {

// What Istio's proxies offer each other, then plain HTTP/1.1. Length-prefixed as on the wire (RFC 7301).
constexpr std::string_view kAlpn = "\x0eistio-http/1.1\x05istio\x08http/1.1";
const unsigned char* alpn_bytes() { return reinterpret_cast<const unsigned char*>(kAlpn.data()); }

int select_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                unsigned offered_size, void*) {
  unsigned char* chosen = nullptr;
  const int found =
      SSL_select_next_proto(&chosen, out_size, alpn_bytes(), kAlpn.size(), offered, offered_size);
  *out = chosen;
  // A peer that names only protocols we do not know goes on without: TLS guards identity here, HTTP/1.1 is
  // implied.
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Status use_certificate(SSL_CTX* context, const std::vector<openssl::Cert>& chain, EVP_PKEY* key) {
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1)
    return openssl::failed("using the certificate");
  for (std::size_t i = 1; i < chain.size(); ++i) SSL_CTX_add1_chain_cert(context, chain[i].get());
  if (SSL_CTX_use_PrivateKey(context, key) != 1) return openssl::failed("using the private key");
  return ok();
}

void harden(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context,
                           "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, &TlsCallbacks::verify, nullptr);
}

}  // namespace

TlsContext::TlsContext() : contexts_(std::make_unique<Contexts>()) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<const TlsContext>> TlsContext::create(const Identity& identity) {
  auto chain = openssl::parse_certs(identity.chain_pem);
  if (!chain) return std::move(chain.error()).within("certificate of " + identity.spiffe_id);
  auto key = openssl::parse_key(identity.key_pem);
  if (!key) return std::move(key.error()).within("key of " + identity.spiffe_id);
  auto bundle = openssl::parse_certs(identity.bundle_pem);
  if (!bundle) return std::move(bundle.error()).within("trust bundle of " + identity.spiffe_id);
  if (openssl::uri_names(chain->front().get()) != std::vector{identity.spiffe_id}) {
    return Error{ErrorCode::kInput, "the certificate is not for " + identity.spiffe_id, "issue a new one"};
  }

  std::shared_ptr<TlsContext> made(new TlsContext);
  made->spiffe_id_ = identity.spiffe_id;
  made->contexts_->client.reset(SSL_CTX_new(TLS_client_method()));
  made->contexts_->server.reset(SSL_CTX_new(TLS_server_method()));
  for (SSL_CTX* context : {made->contexts_->client.get(), made->contexts_->server.get()}) {
    if (context == nullptr) return openssl::failed("starting TLS");
    harden(context);
    MARTY_TRY(use_certificate(context, *chain, key->get()));
    for (const auto& root : *bundle) X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root.get());
  }
  SSL_CTX_set_alpn_protos(made->contexts_->client.get(), alpn_bytes(), kAlpn.size());
  SSL_CTX_set_alpn_select_cb(made->contexts_->server.get(), &select_alpn, nullptr);
  return std::shared_ptr<const TlsContext>(std::move(made));
}

}  // namespace marty::io
