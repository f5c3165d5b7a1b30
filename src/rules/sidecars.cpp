#include "rules/sidecars.hpp"

#include <charconv>

#include "manifest/yaml.hpp"

namespace marty::rules {

namespace {

using mesh::MeshKind;

/// Whether "1.30" is release 1.27 or later.
bool at_least(std::string_view version, int minor) {
  const auto dot = version.find('.');
  if (dot == version.npos) return false;
  int own = 0;
  std::from_chars(version.data() + dot + 1, version.data() + version.size(), own);
  return own >= minor;
}

bool yes(const Node& said) { return said.text == "true" || said.text == "True" || said.text == "1"; }

const Node* annotation_at(const Node* metadata, std::string_view key) {
  const Node* all = metadata == nullptr ? nullptr : metadata->find("annotations");
  const Node* value = all == nullptr || !all->is_mapping() ? nullptr : all->find(key);
  return value != nullptr && value->is_scalar() ? value : nullptr;
}

/// What istiod itself is told for all pods, where the files install it.
const Node* told_to_istiod(const Estate& estate) {
  const auto* istiod = estate.find("Deployment", estate.settings().root_namespace, "istiod");
  const Node* out = nullptr;
  if (istiod != nullptr)
    each(istiod->root, "spec.template.spec.containers[].env[]", [&](const Place& env) {
      if (text(env.node, "name") == "ENABLE_NATIVE_SIDECARS") out = env.node.find("value");
    });
  return out;
}

InjectedProxy of_istio(const Estate& estate, const Pods& pods) {
  const Node* said = annotation_at(pods.metadata, "sidecar.istio.io/nativeSidecar");
  if (said == nullptr) said = told_to_istiod(estate);
  return {MeshKind::kIstio, said != nullptr ? yes(*said) : at_least(estate.settings().istio_version, 27),
          said};
}

InjectedProxy of_linkerd(const Estate& estate, const Pods& pods) {
  const auto* space = estate.find("Namespace", "", pods.ns());
  const Node* wide = space == nullptr ? nullptr : space->root.find("metadata");
  for (const Node* metadata : {pods.metadata, wide})
    for (const auto* prefix : {"config.linkerd.io/", "config.beta.linkerd.io/", "config.alpha.linkerd.io/"})
      if (const Node* said = annotation_at(metadata, std::string(prefix) + "proxy-enable-native-sidecar"))
        return {MeshKind::kLinkerd, yes(*said), said};
  return {MeshKind::kLinkerd, at_least(estate.settings().linkerd_version, 20), nullptr};
}

}  // namespace

std::optional<InjectedProxy> injected_proxy(const Estate& estate, const Pods& pods) {
  if (is_true(pods.spec->find("hostNetwork"))) return std::nullopt;
  if (estate.istio_injected(pods.ns(), &pods)) return of_istio(estate, pods);
  if (estate.linkerd_injected(pods.ns(), &pods)) return of_linkerd(estate, pods);
  return std::nullopt;
}

std::optional<ProxySetting> proxy_setting(const Estate& estate, const Pods& pods, std::string_view path) {
  if (const Node* said = annotation_at(pods.metadata, "proxy.istio.io/config")) {
    Diagnostics ignored;  // annotation-value speaks of them
    for (const auto& config : manifest::parse_yaml(said->text, 0, ignored))
      if (const auto value = text(config, path); !value.empty())
        return ProxySetting{std::string(value), said};
  }
  for (const auto& config : estate.settings().mesh_configs)
    if (const Node* defaults = config.find("defaultConfig"))
      if (const auto value = text(*defaults, path); !value.empty())
        return ProxySetting{std::string(value), nullptr};
  return std::nullopt;
}

}  // namespace marty::rules
