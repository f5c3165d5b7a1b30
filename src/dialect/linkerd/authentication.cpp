#include "dialect/linkerd/authentication.hpp"

#include <fmt/format.h>

#include "dialect/names.hpp"

namespace marty::dialect::linkerd {

using namespace manifest;
using M = MeshTlsAuthentication;

namespace {

void check_ref(const M::IdentityRef& ref, const Node& node, Reader& reader) {
  const bool core = ref.group->empty() || *ref.group == "core";
  if (!core || (*ref.kind != "ServiceAccount" && *ref.kind != "Namespace")) {
    reader.error("invalid-value", range_of(ref.kind),
                 "an identity belongs to a ServiceAccount or a Namespace");
  } else if (*ref.kind == "Namespace" && ref.ns) {
    reader.error("conflicting-fields", range_of(*ref.ns), "a Namespace is in no namespace: leave this out");
  } else if (!ref.name) {
    reader.error("missing-field", node.range(), fmt::format("which {}? 'name' is missing", *ref.kind));
  }
}

void check_identities(const M& wire, const Node& node, Reader& reader) {
  const bool empty =
      (wire.identities && wire.identities->empty()) || (wire.identity_refs && wire.identity_refs->empty());
  if (empty || (!wire.identities && !wire.identity_refs))
    reader.error("missing-field", node.range(),
                 "it needs 'identities' or 'identityRefs' with at least one; identities: [\"*\"] is "
                 "everybody in the mesh");
}

void check_networks(const NetworkAuthentication& wire, const Node& node, Reader& reader) {
  if (wire.networks.empty())
    reader.error("missing-field", node.range(),
                 "'networks' needs at least one; anywhere is 0.0.0.0/0 and ::/0");
}

}  // namespace

const Table& fields(Tag<M::IdentityRef>) {
  using R = M::IdentityRef;
  static const Fields<R> table{"identityRef",
                               {field("group", &R::group), field("kind", &R::kind, kRequired),
                                field("name", &R::name), field("namespace", &R::ns, kDnsLabel)},
                               check_ref};
  return table;
}

const Table& fields(Tag<M>) {
  static const Fields<M> table{
      "MeshTLSAuthentication.spec",
      {field("identities", &M::identities, OneOf{"identities"}, kIdentity, "exact, *.suffix, or *"),
       field("identityRefs", &M::identity_refs, OneOf{"identities"},
             "service accounts, or whole namespaces")},
      check_identities};
  return table;
}

const Table& fields(Tag<NetworkAuthentication>) {
  using N = NetworkAuthentication;
  static const Fields<N> table{
      "NetworkAuthentication.spec", {field("networks", &N::networks, kRequired)}, check_networks};
  return table;
}

}  // namespace marty::dialect::linkerd
