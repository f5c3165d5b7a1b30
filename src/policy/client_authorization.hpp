#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/origin.hpp"
#include "policy/ip_block.hpp"

namespace marty::policy {

/// "<sa>.<ns>.serviceaccount.identity.linkerd.cluster.local": how Linkerd names the workload that a SPIFFE
/// URI of ours names. Keeps the text itself and allocates nothing; what is no such URI, or too long, stays as
/// it is or is cut.
class ProxyIdentity {
 public:
  static constexpr std::string_view kSuffix = ".serviceaccount.identity.linkerd.cluster.local";
  explicit ProxyIdentity(std::string_view spiffe_uri);
  std::string_view view() const { return {text_, size_}; }
  operator std::string_view() const& { return view(); }
  operator std::string_view() && = delete;

 private:
  char text_[63 + 1 + 63 + kSuffix.size() + 128];
  std::size_t size_ = 0;
};

/// Whom a server lets in: any client of some networks, with an identity or without (Linkerd's authorizations,
/// linkerd.md 3.8). There is no way to deny: who is in no list is refused.
struct ClientAuthorization {
  struct Network {
    IpBlock block;
    std::vector<IpBlock> except;
    std::string text;  ///< as written, which is what equality looks at
    friend bool operator==(const Network& a, const Network& b) { return a.text == b.text; }
  };
  enum class Auth : std::uint8_t {
    kNone,      ///< plaintext too
    kMeshTls,   ///< mutual TLS of the mesh, whoever it is
    kIdentity,  ///< one of `identities`
  };

  std::string kind, ns, name;     ///< "AuthorizationPolicy"; metrics and sentences name it so
  std::vector<Network> networks;  ///< any of them; empty: everywhere
  Auth auth = Auth::kNone;
  std::vector<Sourced<std::string>> identities;  ///< exact, "*.suffix" or "*"; Linkerd's names or SPIFFE URIs
  Origin origin;

  friend bool operator==(const ClientAuthorization& a, const ClientAuthorization& b) {
    return a.kind == b.kind && a.ns == b.ns && a.name == b.name && a.networks == b.networks &&
           a.auth == b.auth && a.identities == b.identities;
  }

  struct Client {
    std::string_view ip;
    std::string_view identity;  ///< Linkerd's name, empty without mutual TLS
    std::string_view spiffe_id;
  };
  /// The first that lets the client in, its index in `all`, or nothing.
  static std::optional<std::size_t> decide(std::span<const ClientAuthorization> all, const Client&);
  /// The line that let the client in: of its identity, else of the whole.
  Origin origin_for(const Client&) const;
};

/// Nothing when it is neither a CIDR block nor an address.
std::optional<ClientAuthorization::Network> parse_network(const std::string& cidr,
                                                          const std::vector<std::string>& except = {});

}  // namespace marty::policy
