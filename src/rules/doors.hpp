#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/client_authorization.hpp"
#include "rules/estate.hpp"

/// Whom the sidecars of pods turn away at a port before any request is looked at, in either mesh.
namespace marty::rules {

/// What keeps somebody out.
struct ClosedDoor {
  SourceRange where;
  std::string_view what;  ///< for the place: "STRICT is said here"
  std::string_view how;   ///< for a sentence about the port: "takes mutual TLS only"
};

class Doors {
 public:
  explicit Doors(const Estate&);
  /// What keeps callers without an identity of the mesh out; nothing when some of them come in, or may.
  std::optional<ClosedDoor> to_strangers(const Pods&, std::uint16_t port) const;
  /// The same of a Service's port (0: any), at the first pods behind it that are closed.
  std::optional<ClosedDoor> to_strangers(const Resource& service, std::int64_t port = 0) const;
  /// What keeps Linkerd's callers that run as this account out.
  std::optional<ClosedDoor> to_account(const Pods&, std::uint16_t port, std::string_view ns,
                                       std::string_view account) const;

 private:
  using Clients = std::vector<policy::ClientAuthorization>;
  struct Guarded {
    Clients clients;         ///< wherever they come from
    Origin origin;           ///< of what stands guard; unknown: the cluster's own default
    bool complete = true;    ///< what it refers to is in the files
    bool comparable = true;  ///< all identities are of this cluster's accounts
  };
  Guarded linkerd(const Pods&, std::uint16_t port) const;
  const mesh::Server* server_of(const Pods&, std::uint16_t port) const;
  void add(const mesh::ServerAuthorization&, Guarded&) const;

  const Estate& estate_;
  std::map<std::string_view, std::vector<const mesh::Server*>> servers_;
  std::map<std::string_view, std::vector<const mesh::ServerAuthorization*>> authorizations_;
  std::map<std::pair<std::string_view, std::string_view>, const mesh::Authentication*> authentications_;
  std::map<std::pair<std::string_view, std::string_view>, const mesh::Workload*> workloads_;
  std::map<std::string_view, const mesh::NamespaceInfo*> namespaces_;
};

}  // namespace marty::rules
