#include "io/ca.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "io/entropy.hpp"
#include "io/fd.hpp"
#include "io/files.hpp"
#include "io/openssl.hpp"

namespace marty::io {

struct Ca::Material {
  openssl::Key key;
  openssl::Cert cert;
};

namespace {

constexpr Duration kCaLifetime = 24h * 365 * 10;
constexpr unsigned kPrivateFile = 0600;
constexpr unsigned kPrivateDirectory = 0700;

struct CertRequest {
  EVP_PKEY* key;
  X509* issuer = nullptr;  ///< null: self-signed
  EVP_PKEY* issuer_key;
  std::string common_name;  ///< empty: no subject at all, so the alternative name must be critical
  WallTime from, to;
  std::vector<std::pair<int, std::string>> extensions;
};

template <class Write>
std::string to_pem(Write write) {
  const openssl::Bio bio(BIO_new(BIO_s_mem()));
  write(bio.get());
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string pem_of(EVP_PKEY* key) {
  return to_pem(
      [key](BIO* bio) { PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string pem_of(X509* cert) {
  return to_pem([cert](BIO* bio) { PEM_write_bio_X509(bio, cert); });
}

time_t seconds(WallTime time) { return static_cast<time_t>(time.ns / 1'000'000'000); }

void set_random_serial(X509* cert) {
  unsigned char bytes[16];
  fill_random(bytes);
  bytes[0] =
      static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);  // positive and full length (RFC 5280 4.1.2.2)
  BIGNUM* const number = BN_bin2bn(bytes, sizeof bytes, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
  BN_free(number);
}

Result<openssl::Cert> make_cert(const CertRequest& request) {
  openssl::Cert cert(X509_new());
  X509* const raw = cert.get();
  X509_set_version(raw, X509_VERSION_3);
  set_random_serial(raw);
  ASN1_TIME_set(X509_getm_notBefore(raw), seconds(request.from));
  ASN1_TIME_set(X509_getm_notAfter(raw), seconds(request.to));
  X509_set_pubkey(raw, request.key);
  if (!request.common_name.empty()) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(raw), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(request.common_name.data()),
                               static_cast<int>(request.common_name.size()), -1, 0);
  }
  X509* const issuer = request.issuer != nullptr ? request.issuer : raw;
  X509_set_issuer_name(raw, X509_get_subject_name(issuer));
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, raw, nullptr, nullptr, 0);
  for (const auto& [nid, value] : request.extensions) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    if (extension == nullptr) return openssl::failed("certificate extension " + value);
    X509_add_ext(raw, extension, -1);
    X509_EXTENSION_free(extension);
  }
  if (X509_sign(raw, request.issuer_key, EVP_sha256()) == 0) return openssl::failed("signing a certificate");
  return cert;
}

/// OpenSSL's extension syntax splits at commas, so an ID with other characters than SPIFFE allows never gets
/// there.
bool is_spiffe_id(std::string_view id) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_/:";
  return !trust_domain_of(id).empty() && id.size() <= 2048 && id.find_first_not_of(kAllowed) == id.npos;
}

Error start_over(const std::string& directory, const std::string& cause) {
  return {ErrorCode::kInput,
          fmt::format("the certificate authority in {} cannot be used: {}", directory, cause),
          fmt::format("remove the directory to make a new one: rm -r {}", directory)};
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

}  // namespace

Ca::Ca() : material_(std::make_unique<Material>()) {}
Ca::~Ca() = default;

Result<std::unique_ptr<Ca>> Ca::create_or_load(const std::string& directory, const std::string& trust_domain,
                                               WallTime now) {
  if (!is_spiffe_id("spiffe://" + trust_domain) || trust_domain.find_first_of("/:") != trust_domain.npos) {
    return Error{ErrorCode::kInput, "'" + trust_domain + "' is not a trust domain",
                 "use a name like cluster.local"};
  }
  std::unique_ptr<Ca> ca(new Ca);
  ca->trust_domain_ = trust_domain;
  MARTY_TRY(make_directories(directory, kPrivateDirectory));
  // Two first runs at the same time must not mix one's key with the other's certificate.
  const Fd lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0) return start_over(directory, errno_text(errno));
  const bool there = exists(directory + "/ca-key.pem") || exists(directory + "/ca-cert.pem");
  MARTY_TRY(there ? ca->load(directory, now) : ca->create(directory, now));
  return ca;
}

Status Ca::create(const std::string& directory, WallTime now) {
  material_->key.reset(EVP_EC_gen("P-256"));
  if (!material_->key) return openssl::failed("making a key");
  auto cert = make_cert({.key = material_->key.get(),
                         .issuer_key = material_->key.get(),
                         .common_name = "marty local CA",
                         .from = now,
                         .to = {now.ns + kCaLifetime.count()},
                         .extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                                        {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                        {NID_subject_key_identifier, "hash"},
                                        {NID_subject_alt_name, "URI:spiffe://" + trust_domain_}}});
  if (!cert) return std::move(cert.error());
  material_->cert = std::move(*cert);
  cert_pem_ = pem_of(material_->cert.get());
  // The certificate last: a key alone is what an interrupted first run leaves, and load() says so.
  MARTY_TRY(write_file_atomically(directory + "/ca-key.pem", pem_of(material_->key.get()), kPrivateFile));
  return write_file_atomically(directory + "/ca-cert.pem", cert_pem_);
}

Status Ca::load(const std::string& directory, WallTime now) {
  constexpr std::size_t kPemMax = 64 * 1024;
  auto key_text = read_file(directory + "/ca-key.pem", kPemMax);
  if (!key_text) return start_over(directory, key_text.error().text);
  auto cert_text = read_file(directory + "/ca-cert.pem", kPemMax);
  if (!cert_text) return start_over(directory, cert_text.error().text);
  auto key = openssl::parse_key(*key_text);
  if (!key) return start_over(directory, directory + "/ca-key.pem: " + key.error().text);
  auto certs = openssl::parse_certs(*cert_text);
  if (!certs) return start_over(directory, directory + "/ca-cert.pem: " + certs.error().text);
  X509* const cert = certs->front().get();
  if (X509_check_private_key(cert, key->get()) != 1) {
    ERR_clear_error();
    return start_over(directory, "key and certificate do not belong together");
  }
  if (openssl::uri_names(cert) != std::vector{"spiffe://" + trust_domain_}) {
    return start_over(directory, "it is not for the trust domain " + trust_domain_);
  }
  time_t at = seconds(now);
  if (X509_cmp_time(X509_get0_notAfter(cert), &at) <= 0) return start_over(directory, "it has expired");
  material_->key = std::move(*key);
  material_->cert = std::move(certs->front());
  cert_pem_ = std::move(*cert_text);
  return ok();
}

Result<Identity> Ca::issue(const std::string& spiffe_id, WallTime not_before, Duration lifetime,
                           std::string_view dns_name) const {
  if (!is_spiffe_id(spiffe_id) || trust_domain_of(spiffe_id) != trust_domain_) {
    return Error{ErrorCode::kInput, fmt::format("'{}' is not a SPIFFE ID of {}", spiffe_id, trust_domain_),
                 fmt::format("write it as spiffe://{}/ns/<namespace>/sa/<account>", trust_domain_)};
  }
  const openssl::Key key(EVP_EC_gen("P-256"));
  if (!key) return openssl::failed("making a key");
  std::string names = "critical,URI:" + spiffe_id;
  if (!dns_name.empty()) names.append(",DNS:").append(dns_name);
  auto cert = make_cert({.key = key.get(),
                         .issuer = material_->cert.get(),
                         .issuer_key = material_->key.get(),
                         .from = not_before,
                         .to = {not_before.ns + lifetime.count()},
                         .extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                                        {NID_key_usage, "critical,digitalSignature"},
                                        {NID_ext_key_usage, "serverAuth,clientAuth"},
                                        {NID_authority_key_identifier, "keyid"},
                                        {NID_subject_alt_name, names}}});
  if (!cert) return std::move(cert.error());
  return Identity{pem_of(cert->get()), pem_of(key.get()), cert_pem_, spiffe_id};
}

Status write_identity(const Identity& identity, const std::string& directory) {
  MARTY_TRY(make_directories(directory, kPrivateDirectory));
  MARTY_TRY(write_file_atomically(directory + "/key.pem", identity.key_pem, kPrivateFile));
  MARTY_TRY(write_file_atomically(directory + "/cert-chain.pem", identity.chain_pem, kPrivateFile));
  return write_file_atomically(directory + "/root-cert.pem", identity.bundle_pem, kPrivateFile);
}

}  // namespace marty::io
