#pragma once

#include <vector>

#include "dialect/manifests.hpp"
#include "rules/walk.hpp"

/// What istiod was configured with (istio.mesh.v1alpha1.MeshConfig), as far as files say it.
namespace marty::rules {

/// Of the ConfigMaps istiod reads ("istio", with a revision "istio-canary"), and of IstioOperator and Istio
/// objects that make them.
std::vector<Node> mesh_configs(const dialect::Manifests&);

/// One file of the user's: a MeshConfig, Helm values with one, or an object as above. Whatever else it is, is
/// a finding (no-mesh-config), and nothing is returned.
std::vector<Node> read_mesh_config(std::string_view text, std::uint16_t file, Diagnostics&);

}  // namespace marty::rules
