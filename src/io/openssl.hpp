#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

/// The one place that includes OpenSSL; only tls.cpp, tls_context.cpp and ca.cpp may use it.
namespace marty::io::openssl {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Free<SSL_free>>;
using Cert = std::unique_ptr<X509, Free<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;

/// Takes the oldest error off this thread's queue as text and empties the queue.
std::string take_error();
Error failed(std::string doing);

/// At least one certificate, in order; never asks for a password.
Result<std::vector<Cert>> parse_certs(std::string_view pem);
Result<Key> parse_key(std::string_view pem);
/// Every URI in the subject alternative names.
std::vector<std::string> uri_names(const X509*);

}  // namespace marty::io::openssl
