// Any bytes: reading never crashes, and what was read is written so that it reads back equal. What the quick
// reader takes, libyaml reads the same.
#include <cstdio>
#include <string_view>

#include "core/assert.hpp"
#include "manifest/resource.hpp"
#include "manifest/write.hpp"
#include "manifest/yaml.hpp"
#include "manifest/yaml_plain.hpp"

namespace {

using marty::manifest::Node;

bool same(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.is_text != b.is_text || a.length != b.length || !(a.origin == b.origin) ||
      a.text != b.text || a.children.size() != b.children.size())
    return false;
  for (std::size_t i = 0; i < a.children.size(); ++i) {
    if (!same(a.children[i], b.children[i])) return false;
  }
  return true;
}

void both_readers(std::string_view text) {
  Node plain;
  const auto taken = marty::manifest::PlainReader().read(text, 1, 0, plain);
  if (taken.bytes == 0) return;
  text = text.substr(0, taken.bytes);
  marty::Diagnostics found;
  std::vector<Node> documents;
  MARTY_ASSERT(marty::manifest::read_any_document(text, 1, 0, found, documents) && found.all().empty());
  if (documents.empty()) documents.emplace_back();
  MARTY_ASSERT(documents.size() == 1 && same(documents[0], plain));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace marty;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Diagnostics found;
  for (const auto& document : manifest::parse_yaml(text, 0, found)) {
    Diagnostics again;
    const auto back = manifest::parse_yaml(manifest::write_yaml(document), 0, again);
    MARTY_ASSERT(again.all().empty());
    MARTY_ASSERT(back.size() == 1 && back[0] == document);
  }
  manifest::read_resources(text, 0, found);
  both_readers(text);
  return 0;
}
