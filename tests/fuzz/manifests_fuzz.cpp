// Any bytes as manifests and as a policy file: never a crash, and what a policy file means is written down
// and read back the same.
#include <algorithm>
#include <string>

#include "core/assert.hpp"
#include "dialect/generate.hpp"
#include "dialect/manifests.hpp"
#include "dialect/marty/mesh_yaml.hpp"
#include "manifest/memory_tree.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace marty;
  const std::string text(reinterpret_cast<const char*>(data), size);
  {
    SourceMap sources;
    Diagnostics found;
    const auto manifests = dialect::read_manifest_text("in.yaml", text, sources, found);
    dialect::to_model(manifests, found);
    for (const auto& finding : found.all()) render(finding, sources);
  }
  Diagnostics found;
  const auto policies = dialect::read_policy_file(text, 0, found);
  if (!policies) return 0;
  manifest::MemoryTree tree;
  for (const auto& file :
       dialect::generate(*policies, {mesh::MeshKind::kIstio, dialect::Layout::kOverlay, {"mesh.yaml"}})) {
    tree.files["o/" + file.path] = file.text;
  }
  SourceMap sources;
  Diagnostics again;
  const std::string paths[] = {"o"};
  const auto model = dialect::to_model(dialect::read_manifests(tree, paths, sources, again), again);
  MARTY_ASSERT(!again.has_errors());
  auto wanted = mesh::lower(*policies);
  std::sort(wanted.service_accounts.begin(), wanted.service_accounts.end(),
            [](const auto& a, const auto& b) { return *a < *b; });  // as kustomize sorts objects
  MARTY_ASSERT(model == wanted);
  return 0;
}
