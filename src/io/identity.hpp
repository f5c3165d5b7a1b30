#pragma once

#include <string>
#include <string_view>

namespace marty::io {

/// What a workload shows and trusts. All PEM. The key is secret: do not log.
struct Identity {
  std::string chain_pem;  ///< own certificate first, then intermediates
  std::string key_pem;
  std::string bundle_pem;  ///< certificates that may sign peers
  std::string spiffe_id;   ///< "spiffe://<trust domain>/<path>", as in the certificate
};

/// The trust domain of a SPIFFE ID (SPIFFE-ID standard section 2.1), empty when it is not one.
inline std::string_view trust_domain_of(std::string_view spiffe_id) {
  constexpr std::string_view kScheme = "spiffe://";
  if (!spiffe_id.starts_with(kScheme)) return {};
  return spiffe_id.substr(kScheme.size(), spiffe_id.find('/', kScheme.size()) - kScheme.size());
}

}  // namespace marty::io
