#pragma once

#include "io/openssl.hpp"
#include "io/tls.hpp"

namespace marty::io {

struct TlsContext::Contexts {
  openssl::Context client;
  openssl::Context server;
};

struct TlsSession::Engine {
  openssl::Session ssl;
};

/// Entry points OpenSSL calls, with access to the session they belong to.
struct TlsCallbacks {
  static int verify(X509_STORE_CTX*, void*);
  static int read(BIO*, char* to, int room);
  static int write(BIO*, const char* from, int count);
  static long control(BIO*, int command, long, void*);
};

}  // namespace marty::io
