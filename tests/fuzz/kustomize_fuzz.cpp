// Any bytes as a kustomization, as a resource and as a patch: never a crash, and what is built is built the
// same again. Parts of the input are set apart by lines of "=====".
#include <string>
#include <vector>

#include "core/assert.hpp"
#include "kustomize/build.hpp"
#include "manifest/memory_tree.hpp"
#include "manifest/write.hpp"

namespace {

std::string written(const marty::kustomize::Built& built) {
  std::string out;
  for (const auto& object : built.objects) out += marty::manifest::write_yaml(object.root);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace marty;
  const std::string text(reinterpret_cast<const char*>(data), size), mark = "=====\n";
  std::vector<std::string> parts{""};
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find(mark, at);
    parts.back() = text.substr(at, end - at);
    if (end == text.npos) break;
    at = end + mark.size();
    parts.emplace_back();
  }
  parts.resize(4);
  manifest::MemoryTree tree;
  tree.files = {{"o/kustomization.yaml", parts[0]},
                {"o/a.yaml", parts[1]},
                {"o/p.yaml", parts[2]},
                {"b/kustomization.yaml", parts[3]}};
  SourceMap sources, others;
  Diagnostics found, again;
  const auto built = kustomize::build(tree, "o", sources, found);
  for (const auto& finding : found.all()) render(finding, sources);
  MARTY_ASSERT(built.complete == (found.count(Severity::kError) == 0));
  MARTY_ASSERT(written(built) == written(kustomize::build(tree, "o", others, again)));
  return 0;
}
