#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules/estate.hpp"

namespace marty::rules {

/// A proxy as an injector puts it into pods.
struct InjectedProxy {
  mesh::MeshKind mesh = mesh::MeshKind::kIstio;
  /// An init container that Kubernetes starts before all others and stops after them; otherwise one more
  /// container, which neither waits for the application nor ends with it. istio.md 7, linkerd.md 2.1
  bool native = true;
  const Node* said = nullptr;  ///< what decides so; nullptr: the release's default
};
/// Nothing for pods that get none.
std::optional<InjectedProxy> injected_proxy(const Estate&, const Pods&);

/// One field of the ProxyConfig in force for Istio's sidecar in these pods.
struct ProxySetting {
  std::string value;
  const Node* where = nullptr;  ///< the annotation that says it; nullptr: the mesh's configuration
};
/// `path` as in "terminationDrainDuration"; nothing when nobody says it.
std::optional<ProxySetting> proxy_setting(const Estate&, const Pods&, std::string_view path);

}  // namespace marty::rules
