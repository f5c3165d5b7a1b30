#include "dialect/linkerd/server_authorization.hpp"

#include "dialect/names.hpp"

namespace marty::dialect::linkerd {

using namespace manifest;
using S = ServerAuthorization;

namespace {

/// DNS labels, the first perhaps '*'. Unlike MeshTLSAuthentication, no SPIFFE ids.
bool is_dns_identity(std::string_view text) { return is_identity(text) && !text.starts_with("spiffe://"); }
constexpr Wants kDnsIdentity{
    is_dns_identity, "an identity such as web.shop.serviceaccount.identity.linkerd.cluster.local, or '*'"};

void check_server(const S::ServerRef& server, const Node& node, Reader& reader) {
  if (!server.name && !server.selector)
    reader.error("missing-field", node.range(), "'server' needs 'name' or 'selector'");
}

void check_mesh_tls(const S::MeshTls& tls, const Node& node, Reader& reader) {
  const bool named = !tls.identities.empty() || !tls.service_accounts.empty();
  if (*tls.unauthenticated_tls && named) {
    reader.error("conflicting-fields", node.range(),
                 "unauthenticatedTLS lets in whoever has no identity, so it goes with no identities");
  } else if (!*tls.unauthenticated_tls && !named) {
    reader.error(
        "missing-field", node.range(),
        "'meshTLS' needs identities, serviceAccounts or unauthenticatedTLS: Linkerd ignores an empty one");
  }
}

void check_client(const S::Client& client, const Node& node, Reader& reader) {
  if (*client.unauthenticated && client.mesh_tls) {
    reader.error("conflicting-fields", node.range(), "'unauthenticated' and 'meshTLS' exclude each other");
  } else if (!*client.unauthenticated && !client.mesh_tls) {
    reader.error("missing-field", node.range(),
                 "'client' needs 'meshTLS' or 'unauthenticated: true': Linkerd ignores it without");
  }
}

}  // namespace

const Table& fields(Tag<S::ServerRef>) {
  using R = S::ServerRef;
  static const Fields<R> table{"server",
                               {field("name", &R::name, OneOf{"server"}, kDnsLabel),
                                field("selector", &R::selector, OneOf{"server"}, "labels of Servers")},
                               check_server};
  return table;
}

const Table& fields(Tag<S::ServiceAccount>) {
  using A = S::ServiceAccount;
  static const Fields<A> table{
      "serviceAccount",
      {field("name", &A::name, kRequired, kDnsLabel), field("namespace", &A::ns, kDnsLabel)}};
  return table;
}

const Table& fields(Tag<S::MeshTls>) {
  using M = S::MeshTls;
  static const Fields<M> table{
      "meshTLS",
      {field("unauthenticatedTLS", &M::unauthenticated_tls),
       field("identities", &M::identities, kDnsIdentity), field("serviceAccounts", &M::service_accounts)},
      check_mesh_tls};
  return table;
}

const Table& fields(Tag<S::Client>) {
  using C = S::Client;
  static const Fields<C> table{
      "client",
      {field("networks", &C::networks, "without it only the cluster's own networks"),
       field("unauthenticated", &C::unauthenticated), field("meshTLS", &C::mesh_tls)},
      check_client};
  return table;
}

const Table& fields(Tag<S>) {
  static const Fields<S> table{
      "ServerAuthorization.spec",
      {field("server", &S::server, kRequired), field("client", &S::client, kRequired)}};
  return table;
}

}  // namespace marty::dialect::linkerd
