// Any bytes: the first line as a CEL rule about the rest, and the rest as manifests and as CRDs that are then
// known. Nothing crashes or takes long, and checking twice finds the same.
#include <string>

#include "core/assert.hpp"
#include "manifest/resource.hpp"
#include "manifest/yaml.hpp"
#include "schema/cel.hpp"
#include "schema/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace marty;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto rest = text.substr(std::min(text.find('\n'), text.size()));
  std::string why;
  schema::Patterns patterns;
  schema::Defaults defaults;
  const auto rule = schema::parse_cel(text.substr(0, text.size() - rest.size()), why);
  Diagnostics found;
  for (const auto& document : manifest::parse_yaml(rest, 0, found)) {
    if (rule) schema::evaluate(*rule, schema::kBuiltIn, patterns, defaults, 0, document);
  }
  const auto objects = manifest::read_resources(rest, 0, found);
  schema::Catalog catalog;
  catalog.add_crds(objects.all, found);
  for (int round = 0; round < 2; ++round) {
    schema::Checker checker(catalog);
    Diagnostics once, again;
    for (const auto& object : objects.all) checker.check(object, once);
    for (const auto& object : objects.all) checker.check(object, again);
    MARTY_ASSERT(once.all().size() == again.all().size());
  }
  return 0;
}
