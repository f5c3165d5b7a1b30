#pragma once

#include "dialect/linkerd/parts.hpp"

/// ServerAuthorization (policy.linkerd.io), linkerd.md 1.3: who may use a Server, all of it.
namespace marty::dialect::linkerd {

struct ServerAuthorization {
  static constexpr const char* kKind = "ServerAuthorization";
  struct ServerRef {
    Maybe<std::string> name;
    std::optional<LabelSelector> selector;  ///< of the Servers' labels
    Origin origin;
  };
  struct ServiceAccount {
    Text name;
    Maybe<std::string> ns;  ///< without it that of the ServerAuthorization
    Origin origin;
  };
  struct MeshTls {
    Sourced<bool> unauthenticated_tls{false};  ///< TLS of the mesh, with or without an identity
    TextList identities;
    std::vector<ServiceAccount> service_accounts;
    Origin origin;
  };
  struct Client {
    std::vector<Network> networks;  ///< empty: the cluster's own networks, not all addresses
    Sourced<bool> unauthenticated{false};
    std::optional<MeshTls> mesh_tls;
    Origin origin;
  };
  ServerRef server;
  Client client;
};
const manifest::Table& fields(Tag<ServerAuthorization>);

}  // namespace marty::dialect::linkerd
