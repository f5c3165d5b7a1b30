// Writes schemas/*.json as constant tables in C++, so that the program has them without reading or
// allocating:
//   embed-schemas OUT.cpp schemas/*.json
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "manifest/yaml.hpp"
#include "schema/builder.hpp"

namespace {

using namespace marty;
using namespace marty::schema;

std::string show(Text t) { return fmt::format("{{{},{}}}", t.at, t.size); }
std::string show(Range r) { return fmt::format("{{{},{}}}", r.first, r.count); }
std::string show(std::uint32_t id) { return fmt::format("{}", id); }
std::string show(double bound) {
  if (bound == std::numeric_limits<double>::infinity()) return "kInfinity";
  if (bound == -std::numeric_limits<double>::infinity()) return "-kInfinity";
  return fmt::format("{}", bound);
}
std::string show(const Property& p) { return fmt::format("{{{},{},{}u}}", show(p.name), p.schema, p.mark); }
std::string show(const Rule& r) { return fmt::format("{{{},{}}}", show(r.expression), show(r.says)); }
std::string show(const Schema& s) {
  return fmt::format("{{Type({}),{},{},{},{},{},{},{},{}}}", static_cast<int>(s.type), s.format, s.flags,
                     show(s.properties), show(s.required), s.items, s.values, s.extra, show(s.slots));
}
std::string show(const Kind& k) {
  return fmt::format("{{{},{},{},{}u,{},{},{}}}", show(k.group), show(k.kind), show(k.version), k.mark,
                     k.schema, k.flags, k.name_format);
}
std::string show(const Extra& e) {
  return fmt::format("{{{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}}}", show(e.enums),
                     show(e.pattern), show(e.minimum), show(e.maximum), show(e.multiple_of), e.above_minimum,
                     e.below_maximum, e.key_format, e.min_length, e.max_length, e.min_items, e.max_items,
                     e.min_properties, e.max_properties, show(e.all_of), show(e.any_of), show(e.one_of),
                     e.none_of, show(e.list_keys), show(e.rules), show(e.by_default));
}

template <class T>
void array(std::string& out, std::string_view type, std::string_view name, std::span<const T> items) {
  out += fmt::format("constexpr {} {}[] = {{\n", type, name);
  for (const T& item : items) out += show(item) + ",\n";
  if (items.empty()) out += "{}";
  out += "};\n";
}

/// Short pieces, which every compiler takes; together they are one literal.
void text(std::string& out, std::string_view pool) {
  out += "constexpr char kPool[] =\n";
  for (std::size_t at = 0; at < pool.size(); at += 100) {
    out += '"';
    for (const char c : pool.substr(at, 100)) {
      if (c == '"' || c == '\\' || c == '?' || c < ' ' || c > '~')
        out += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
      else
        out += c;
    }
    out += "\"\n";
  }
  out += ";\n";
}

std::string source_of(const Tables& tables) {
  std::string out =
      "#include \"schema/tables.hpp\"\n\nnamespace marty::schema {\nnamespace {\n"
      "constexpr double kInfinity = std::numeric_limits<double>::infinity();\n";
  array(out, "Schema", "kSchemas", tables.schemas);
  array(out, "Property", "kProperties", tables.properties);
  array(out, "std::uint32_t", "kSlots", tables.slots);
  array(out, "Extra", "kExtras", tables.extras);
  array(out, "std::uint32_t", "kIds", tables.ids);
  array(out, "Text", "kTexts", tables.texts);
  array(out, "Rule", "kRules", tables.rules);
  array(out, "Kind", "kKinds", tables.kinds);
  text(out, tables.pool);
  out += fmt::format(
      "}}\nconstinit const Tables kBuiltIn{{kSchemas, kProperties, kSlots, kExtras, kIds, kTexts, kRules,\n"
      "                                kKinds, std::string_view(kPool, {}), {}}};\n}}\n",
      tables.pool.size(), tables.object_meta);
  return out;
}

}  // namespace

int main(int count, char** words) {
  Builder builder;
  for (int i = 2; i < count; ++i) {
    std::ifstream in(words[i], std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    Diagnostics found;
    const auto documents = manifest::parse_yaml(text, 0, found);
    if (found.has_errors() || documents.size() != 1) {
      std::fprintf(stderr, "embed-schemas: %s is no schema file\n", words[i]);
      return 1;
    }
    builder.add_file(documents[0]);
  }
  if (count < 3) return 2;
  std::ofstream out(words[1], std::ios::binary);
  out << source_of(builder.tables());
  return out.good() ? 0 : 1;
}
