#include "dialect/linkerd/authorization_policy.hpp"

#include <fmt/format.h>

namespace marty::dialect::linkerd {

using namespace manifest;
using P = AuthorizationPolicy;

namespace {

bool may_be_target(const LocalRef& ref) {
  return is(ref, kPolicyGroup, "Server") || is(ref, "", "Namespace") || is(ref, kPolicyGroup, "HTTPRoute") ||
         is(ref, kGatewayGroup, "HTTPRoute") || is(ref, kGatewayGroup, "GRPCRoute");
}

/// The webhook: each way of authenticating at most once, and an identity in one way only. Alternatives are
/// policies of their own.
void check(const P& policy, const Node&, Reader& reader) {
  if (!may_be_target(policy.target_ref))
    reader.error(
        "invalid-value", range_of(policy.target_ref.kind),
        fmt::format(
            "{} cannot be a target: Linkerd takes Server and HTTPRoute of policy.linkerd.io, HTTPRoute "
            "and GRPCRoute of gateway.networking.k8s.io, and Namespace",
            shown(policy.target_ref)));
  const ObjectReference *identity = nullptr, *network = nullptr;
  for (const auto& ref : policy.required_authentication_refs) {
    const bool is_network = is(ref, kPolicyGroup, "NetworkAuthentication");
    const bool is_identity = is(ref, kPolicyGroup, "MeshTLSAuthentication") || is(ref, "", "ServiceAccount");
    if (!is_network && !is_identity) {
      reader.error(
          "invalid-value", range_of(ref.kind),
          fmt::format(
              "{} is no authentication: Linkerd takes MeshTLSAuthentication and NetworkAuthentication "
              "of policy.linkerd.io, and ServiceAccount",
              shown(ref)));
      continue;
    }
    const auto*& first = is_network ? network : identity;
    if (first) {
      auto& finding = reader.error("conflicting-fields", range_of(ref.kind),
                                   fmt::format("a client would have to meet both {}; Linkerd refuses that",
                                               is_network ? "networks" : "identities"));
      finding.notes.push_back({range_of(first->kind), "the first one"});
      finding.notes.push_back({{}, "to let in either, write a second AuthorizationPolicy"});
    }
    first = first ? first : &ref;
  }
}

}  // namespace

const Table& fields(Tag<P>) {
  static const Fields<P> table{
      "AuthorizationPolicy.spec",
      {field("targetRef", &P::target_ref, kRequired, "what it opens, in the same namespace"),
       field("requiredAuthenticationRefs", &P::required_authentication_refs, kRequired,
             "all of these; [] is anybody")},
      check};
  return table;
}

Manifest<P> decode_authorization_policy(const Resource& resource, Diagnostics& found) {
  auto wire = decoded<P>(resource, found);
  const auto& target = wire.spec.target_ref;
  if (is(target, "", "Namespace") && !resource.ns->empty() && target.name != resource.ns) {
    auto& finding =
        found.error("invalid-value", range_of(target.name),
                    fmt::format("it cannot target another namespace than its own, '{}'", *resource.ns));
    finding.object = resource.ref();
  }
  return wire;
}

}  // namespace marty::dialect::linkerd
