#pragma once

#include "dialect/linkerd/parts.hpp"

/// What an AuthorizationPolicy requires of a client (policy.linkerd.io/v1alpha1), linkerd.md 1.5 and 1.6.
namespace marty::dialect::linkerd {

/// The client has one of these identities. One of the two lists is written, not both.
struct MeshTlsAuthentication {
  static constexpr const char* kKind = "MeshTLSAuthentication";
  struct IdentityRef {  ///< a ServiceAccount, or a Namespace with all of its accounts
    Text group, kind;
    Maybe<std::string> name, ns;
    Origin origin;
  };
  std::optional<TextList> identities;
  std::optional<std::vector<IdentityRef>> identity_refs;
};
const manifest::Table& fields(Tag<MeshTlsAuthentication>);

/// The client's address, as the server's proxy sees it, is in one of these networks.
struct NetworkAuthentication {
  static constexpr const char* kKind = "NetworkAuthentication";
  std::vector<Network> networks;
};
const manifest::Table& fields(Tag<NetworkAuthentication>);

}  // namespace marty::dialect::linkerd
