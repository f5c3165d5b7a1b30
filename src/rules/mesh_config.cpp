#include "rules/mesh_config.hpp"

#include "manifest/yaml.hpp"

namespace marty::rules {

namespace {

void keep(const Node* config, std::vector<Node>& into) {
  if (config != nullptr && config->is_mapping()) into.push_back(*config);
}

void keep_all(const manifest::Resource& object, std::vector<Node>& into) {
  const std::string_view kind = *object.kind, name = *object.name;
  if (kind == "ConfigMap" && (name == "istio" || name.starts_with("istio-"))) {
    Diagnostics ignored;  // istiod's own text inside a text
    for (const auto& config : manifest::parse_yaml(text(object.root, "data.mesh"), 0, ignored))
      keep(&config, into);
  } else if (kind == "IstioOperator" || kind == "Istio") {
    for (const Way& path : {Way("spec.meshConfig"), Way("spec.values.meshConfig")})
      keep(get(object.root, path), into);
  }
}

/// A field that only a MeshConfig has among the files one could name by mistake.
bool looks_like_one(const Node& root) {
  for (const auto* key :
       {"defaultConfig", "extensionProviders", "rootNamespace", "trustDomain", "enableTracing",
        "accessLogFile", "outboundTrafficPolicy", "defaultProviders", "meshMTLS"})
    if (root.find(key) != nullptr) return true;
  return false;
}

}  // namespace

std::vector<Node> mesh_configs(const dialect::Manifests& manifests) {
  std::vector<Node> out;
  for (const auto& object : manifests.resources) keep_all(object, out);
  return out;
}

std::vector<Node> read_mesh_config(std::string_view text, std::uint16_t file, Diagnostics& found) {
  std::vector<Node> out;
  const auto before = found.all().size();
  for (auto& root : manifest::parse_yaml(text, file, found)) {
    if (root.find("kind") != nullptr)
      keep_all(manifest::to_resource(std::move(root)), out);
    else if (const Node* values = root.find("meshConfig"))
      keep(values, out);
    else if (looks_like_one(root))
      out.push_back(std::move(root));
  }
  if (out.empty() && found.all().size() == before)
    found.error("no-mesh-config", {Origin{1, 1, file}, 0}, "there is no MeshConfig in this file").notes = {
        {{}, "kubectl get configmap istio -n istio-system -o yaml prints the mesh's"}};
  return out;
}

}  // namespace marty::rules
