#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/origin.hpp"
#include "core/time.hpp"
#include "manifest/fields.hpp"

namespace marty::local {

/// Who sends requests from outside the manifests' workloads.
struct Caller {
  Sourced<std::string> ns, service_account;
};

/// How one Deployment runs on this machine: a command per pod, or servers that run already.
struct LocalWorkload {
  std::vector<Sourced<std::string>> command;    ///< argv; $HOST $PORT $POD $STATE $BIN are replaced
  std::vector<Sourced<std::string>> addresses;  ///< "127.0.0.1:9001", one per replica
  std::map<std::string, std::string> env;
  Sourced<bool> sidecar{true};
  Sourced<Duration> restart_after{Duration{2'000'000'000}};  ///< a pod that ended starts again after this
  Origin origin;
};

/// local.yaml: what the manifests cannot say about a laptop. Names follow the manifests.
struct LocalFile {
  std::optional<Caller> client;  ///< whom `up -- CMD` runs as
  struct Ingress {
    Sourced<std::string> service;    ///< "name.namespace:port", where requests without a known host go
    Sourced<std::uint32_t> port{0};  ///< on 127.0.0.1; 0: any free one
    Sourced<std::string> ns, service_account;
    std::optional<Caller> linkerd;  ///< under Linkerd, which brings no gateway of its own
    Origin origin;
  };
  std::optional<Ingress> ingress;
  std::vector<std::pair<Sourced<std::string>, LocalWorkload>> workloads;  ///< by Deployment name
};

/// Reads local.yaml; findings go to the diagnostics. `file` is its number in the source map.
LocalFile read_local_file(std::string_view text, std::uint16_t file, Diagnostics& found);

}  // namespace marty::local
