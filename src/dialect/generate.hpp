#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"
#include "mesh/mesh_kind.hpp"
#include "mesh/policy_file.hpp"

namespace marty::dialect {

struct GeneratedFile {
  std::string path;     ///< relative to the output directory
  std::string text;     ///< whole content; empty for a link
  std::string link_to;  ///< relative target when the file is a symbolic link
  bool executable = false;
};

enum class Layout {
  kServiceTree,  ///< the service's own `plugins/<s>/k8s`: base, overlays/service-mesh-<mesh>, service-mesh
  kOverlay,      ///< --output DIR: the overlay itself with its base inside
};

/// How to make a tree again, for the first line of each file.
struct Recipe {
  std::string policy_file;  ///< "plugins/petstore_domain/mesh.yaml"
  std::string flags{};      ///< what overruled it, such as " --mtls permissive"
};

struct GenerateRequest {
  mesh::MeshKind mesh = mesh::MeshKind::kIstio;
  Layout layout = Layout::kServiceTree;
  Recipe recipe;
};

/// The Kustomize tree that makes a mesh do what the policy file asks for. Same file and request, same bytes;
/// the base is the same for every mesh. Reading Istio's tree back gives `mesh::lower(file)`. Which files
/// there are is a list of parts (generate_parts.hpp).
std::vector<GeneratedFile> generate(const mesh::PolicyFile& file, const GenerateRequest&);

/// Something a mesh cannot do as it was asked for.
struct Capability {
  Origin origin;        ///< the line that asks for it
  std::string asked;    ///< in the policy file's words, such as "retries.budget"
  std::string becomes;  ///< what is generated for it; empty: nothing
  std::string why;
};

/// All that the policy file asks for and that mesh's tree leaves out or says differently, in file order:
/// nothing is dropped silently.
std::vector<Capability> capabilities(const mesh::PolicyFile& file, mesh::MeshKind);
/// The same as findings (kInfo, "not-expressed").
void report_capabilities(const mesh::PolicyFile& file, mesh::MeshKind, Diagnostics&);

/// Whether faults are injected: "chaos-included" (a warning) in a test tree that has chaos rules,
/// "chaos-left-out" in a production tree whose policy file has some. Nothing about rules that the mesh cannot
/// carry out: see capabilities().
void report_chaos(const mesh::PolicyFile& file, mesh::MeshKind, Diagnostics&);

}  // namespace marty::dialect
