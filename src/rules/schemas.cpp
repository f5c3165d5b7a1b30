#include "rules/schemas.hpp"

#include <set>
#include <tuple>

#include "schema/check.hpp"

namespace marty::rules {

std::size_t check_schemas(const schema::Catalog& catalog, const std::vector<manifest::Resource>& objects,
                          Diagnostics& found, Workers& workers) {
  constexpr std::size_t kWorthSharing = 200;  // objects
  struct Part {
    Diagnostics found;
    std::size_t unknown = 0;
  };
  std::vector<Part> parts(objects.size() < kWorthSharing ? 1 : 2 * workers.count());
  workers.run(parts.size(), [&](std::size_t i) {
    schema::Checker checker(catalog);
    const auto end = (i + 1) * objects.size() / parts.size();
    for (auto at = i * objects.size() / parts.size(); at < end; ++at) {
      const auto& object = objects[at];
      if (object.group() != "marty.dev" && !checker.check(object, parts[i].found)) ++parts[i].unknown;
    }
  });
  std::size_t unknown = 0;
  for (auto& part : parts) {
    unknown += part.unknown;
    for (auto& finding : part.found.all()) found.add(std::move(finding));
  }
  return unknown;
}

void add_what_is_new(Diagnostics& into, Diagnostics more) {
  const auto place = [](const Diagnostic& finding) {
    const Origin at = finding.where.begin;
    return std::tuple(at.file, at.line, at.column);
  };
  std::set<std::tuple<std::uint16_t, std::uint32_t, std::uint16_t>> said;
  for (const auto& finding : into.all()) {
    if (finding.where.begin.known()) said.insert(place(finding));
  }
  for (auto& finding : more.all()) {
    if (!said.contains(place(finding))) into.add(std::move(finding));
  }
}

}  // namespace marty::rules
