#pragma once

#include <cstdint>
#include <string_view>

namespace marty::mesh {

/// The meshes manifests are written for and local meshes behave like.
enum class MeshKind : std::uint8_t { kIstio, kLinkerd };

/// As typed after --mesh and in file names: "istio", "linkerd".
constexpr std::string_view to_string(MeshKind mesh) { return mesh == MeshKind::kIstio ? "istio" : "linkerd"; }

}  // namespace marty::mesh
