#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"
#include "io/identity.hpp"

namespace marty::io {

/// A certificate authority for one trust domain on this machine: an EC P-256 key and a self-signed
/// certificate.
class Ca {
 public:
  /// Loads `directory`/ca-key.pem and ca-cert.pem, or makes them (directory 0700, key 0600; valid for ten
  /// years). What is there but unreadable, garbled, expired or of another trust domain is an Error that says
  /// how to start over.
  static Result<std::unique_ptr<Ca>> create_or_load(const std::string& directory,
                                                    const std::string& trust_domain, WallTime now);
  ~Ca();

  const std::string& cert_pem() const { return cert_pem_; }
  const std::string& trust_domain() const { return trust_domain_; }

  /// A fresh key and an X.509-SVID for `spiffe_id`, which must be of our trust domain. In memory only.
  /// `dns_name`, if any, is what a mesh without SPIFFE calls the same workload, as a second alternative name.
  Result<Identity> issue(const std::string& spiffe_id, WallTime not_before, Duration lifetime,
                         std::string_view dns_name = {}) const;

 private:
  struct Material;
  Ca();
  Status create(const std::string& directory, WallTime now);
  Status load(const std::string& directory, WallTime now);

  std::unique_ptr<Material> material_;
  std::string cert_pem_;
  std::string trust_domain_;
};

/// For tools that want files: `directory`/{cert-chain,key,root-cert}.pem, all 0600, the directory 0700 when
/// made.
Status write_identity(const Identity&, const std::string& directory);

}  // namespace marty::io
