// Any bytes: reading never crashes, and what was read is written so that it reads back equal.
#include <cstdio>
#include <string_view>

#include "core/assert.hpp"
#include "manifest/resource.hpp"
#include "manifest/write.hpp"
#include "manifest/yaml.hpp"

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
  return 0;
}
