#pragma once

#include "dialect/kubernetes/label_selector.hpp"
#include "dialect/wire.hpp"

/// What several Linkerd kinds have in common, as written on the wire.
namespace marty::dialect::linkerd {

using kubernetes::LabelSelector;
using manifest::IntOrString;

constexpr std::string_view kPolicyGroup = "policy.linkerd.io";
constexpr std::string_view kGatewayGroup = "gateway.networking.k8s.io";

/// A reference to an object in the same namespace.
struct LocalRef {
  Text group, kind, name;  ///< group: empty for Kubernetes' core
  Origin origin;
};
const manifest::Table& fields(Tag<LocalRef>);

/// A reference that may cross namespaces; without `ns` it means the namespace of who refers.
struct ObjectReference : LocalRef {
  Maybe<std::string> ns;
};
const manifest::Table& fields(Tag<ObjectReference>);

bool is(const LocalRef&, std::string_view group, std::string_view kind);
/// "HTTPRoute in policy.linkerd.io", for findings.
std::string shown(const LocalRef&);

/// Linkerd's default policies: of the cluster, of a namespace or pod (annotation), of a Server
/// (accessPolicy).
enum class DefaultPolicy {
  kDeny,
  kAudit,  ///< all may, and what no authorization allows is logged and counted
  kAllUnauthenticated,
  kAllAuthenticated,
  kClusterUnauthenticated,
  kClusterAuthenticated
};
std::span<const manifest::Spelling> spellings(Tag<DefaultPolicy>);

/// An identity as authentications take it: "*", "*.suffix", "<account>.<ns>.serviceaccount.identity.…" or a
/// SPIFFE id.
bool is_identity(std::string_view);
constexpr manifest::Wants kIdentity{
    is_identity,
    "an identity such as web.shop.serviceaccount.identity.linkerd.cluster.local, '*', or spiffe://…"};

/// A weight as SMI and ServiceProfiles write it, a Kubernetes quantity such as 90, "900m" or 1k, in
/// thousandths. Nothing when it is no quantity, negative, or beyond 63 bits.
std::optional<std::uint64_t> thousandths(const IntOrString& quantity);

}  // namespace marty::dialect::linkerd
