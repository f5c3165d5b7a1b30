#pragma once

#include "dialect/linkerd/parts.hpp"

/// Server (policy.linkerd.io), linkerd.md 1.2: a port of pods, by default closed to all who are not
/// authorized.
namespace marty::dialect::linkerd {

struct Server {
  static constexpr const char* kKind = "Server";
  enum class Protocol { kUnknown, kHttp1, kHttp2, kGrpc, kOpaque, kTls };

  std::optional<LabelSelector> pod_selector,
      external_workload_selector;  ///< exactly one; pods of this namespace
  Sourced<IntOrString> port;       ///< of the pod, never of a Service; a name is that of a container port
  Sourced<Protocol> proxy_protocol{Protocol::kUnknown};
  Sourced<DefaultPolicy> access_policy{DefaultPolicy::kDeny};  ///< since v1beta3; adds to what is authorized
};
const manifest::Table& fields(Tag<Server>);

/// Also checks what depends on the version it was written in.
manifest::Manifest<Server> decode_server(const manifest::Resource&, Diagnostics&);

}  // namespace marty::dialect::linkerd
