#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/origin.hpp"
#include "policy/client_authorization.hpp"
#include "policy/client_rate_limit.hpp"

/// The server side of a mesh in which ports, not workloads, carry policy (Linkerd's Server and what targets
/// it).
namespace marty::mesh {

using Labels = std::map<std::string, std::string>;

/// Who may call a port that nothing else speaks for.
enum class DefaultInbound : std::uint8_t {
  kAllUnauthenticated,
  kAllAuthenticated,
  kClusterUnauthenticated,
  kClusterAuthenticated,
  kDeny,
  kAudit,  ///< everybody, with a mark
};

/// Labels that must be there, and conditions on labels (a Kubernetes LabelSelector).
struct Selector {
  enum class Operator : std::uint8_t { kIn, kNotIn, kExists, kDoesNotExist };
  struct Expression {
    std::string key;
    Operator op = Operator::kIn;
    std::vector<std::string> values;
    friend bool operator==(const Expression&, const Expression&) = default;
  };
  Labels labels;
  std::vector<Expression> expressions;
  bool matches(const Labels&) const;
  friend bool operator==(const Selector&, const Selector&) = default;
};

/// One port of some pods of its namespace. Of two that cover the same port the first counts.
struct Server {
  enum class Protocol : std::uint8_t { kUnknown, kHttp1, kHttp2, kGrpc, kOpaque, kTls };
  std::string ns, name;
  Labels labels;
  Selector pods;
  std::uint16_t port = 0;  ///< 0: by name
  std::string port_name;
  Sourced<Protocol> protocol{Protocol::kUnknown};
  Sourced<DefaultInbound> access{DefaultInbound::kDeny};
  Origin origin;
  friend bool operator==(const Server& a, const Server& b) {
    return a.ns == b.ns && a.name == b.name && a.labels == b.labels && a.pods == b.pods && a.port == b.port &&
           a.port_name == b.port_name && a.protocol == b.protocol && a.access == b.access;
  }
};

/// A named set of clients that authorizations refer to: identities or networks.
struct Authentication {
  std::string kind, ns, name;  ///< "MeshTLSAuthentication", "NetworkAuthentication"
  std::vector<Sourced<std::string>> identities;
  std::vector<policy::ClientAuthorization::Network> networks;
  Origin origin;
  friend bool operator==(const Authentication& a, const Authentication& b) {
    return a.kind == b.kind && a.ns == b.ns && a.name == b.name && a.identities == b.identities &&
           a.networks == b.networks;
  }
};

/// Lets clients in at one server, at all servers of the namespace, or on one route.
struct ServerAuthorization {
  enum class Target : std::uint8_t { kServer, kServersWithLabels, kNamespace, kRoute };
  struct Reference {
    std::string kind, ns, name;
    Origin origin;
    friend bool operator==(const Reference& a, const Reference& b) {
      return a.kind == b.kind && a.ns == b.ns && a.name == b.name;
    }
  };
  Target target = Target::kServer;
  Sourced<std::string> target_name;  ///< of the server or route
  Selector server_labels;
  policy::ClientAuthorization clients;
  std::vector<Reference> references;  ///< all must hold as well; one that is missing voids the whole
  friend bool operator==(const ServerAuthorization& a, const ServerAuthorization& b) {
    return a.target == b.target && a.target_name == b.target_name && a.server_labels == b.server_labels &&
           a.clients == b.clients && a.references == b.references;
  }
};

struct ServerRateLimit {
  Sourced<std::string> server;
  policy::ClientRateLimit limit;
  friend bool operator==(const ServerRateLimit&, const ServerRateLimit&) = default;
};

}  // namespace marty::mesh
