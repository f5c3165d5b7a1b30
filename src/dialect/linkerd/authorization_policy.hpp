#pragma once

#include "dialect/linkerd/parts.hpp"

/// AuthorizationPolicy (policy.linkerd.io/v1alpha1), linkerd.md 1.4: whoever meets all of its authentications
/// may use its target. It never denies, and one on a Server applies to every route of it.
namespace marty::dialect::linkerd {

struct AuthorizationPolicy {
  static constexpr const char* kKind = "AuthorizationPolicy";
  LocalRef target_ref;  ///< a Server, an HTTPRoute of a Server, or the own Namespace (all of its Servers)
  std::vector<ObjectReference> required_authentication_refs;  ///< all of them; empty: anybody
};
const manifest::Table& fields(Tag<AuthorizationPolicy>);

/// Also checks that a Namespace it targets is its own.
manifest::Manifest<AuthorizationPolicy> decode_authorization_policy(const manifest::Resource&, Diagnostics&);

}  // namespace marty::dialect::linkerd
