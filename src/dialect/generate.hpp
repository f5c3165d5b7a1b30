#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"
#include "mesh/policy_file.hpp"

namespace marty::dialect {

struct GeneratedFile {
  std::string path;     ///< relative to the output directory
  std::string text;     ///< whole content; empty for a link
  std::string link_to;  ///< relative target when the file is a symbolic link
};

enum class Layout {
  kServiceTree,  ///< the service's own `plugins/<s>/k8s`: base, overlays/service-mesh-istio, service-mesh
  kOverlay,      ///< --output DIR: the overlay itself with its base inside
};

/// How to make a tree again, for the first line of each file.
struct Recipe {
  std::string policy_file;  ///< "plugins/petstore_domain/mesh.yaml"
  std::string flags;        ///< what overruled it, such as " --mtls permissive"
};

/// The Kustomize tree that makes Istio do what the policy file asks for. Same file, same bytes. Reading the
/// tree back gives `mesh::lower(file)`.
std::vector<GeneratedFile> generate_istio(const mesh::PolicyFile& file, Layout, const Recipe&);

/// What the policy file asks for and the Istio tree leaves out or says differently, one finding each (kInfo,
/// "not-expressed"): nothing is dropped silently.
void report_istio_capabilities(const mesh::PolicyFile& file, Diagnostics&);

/// Whether faults are injected, for any mesh: "chaos-included" (a warning) in a test tree that has chaos
/// rules, "chaos-left-out" in a production tree whose policy file has some.
void report_chaos(const mesh::PolicyFile& file, Diagnostics&);

}  // namespace marty::dialect
