#include "rules/schemas.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "schema/check.hpp"

namespace marty::rules {

std::size_t check_schemas(const schema::Catalog& catalog, const std::vector<manifest::Resource>& objects,
                          Diagnostics& found, Workers& workers) {
  constexpr std::size_t kWorthSharing = 200, kStretch = 32;  // objects
  struct Part {
    Diagnostics found;
    std::vector<std::size_t> ends;  // of what was found in each of its stretches
    std::size_t unknown = 0;
  };
  // A part for each worker, since each compiles rules and patterns for itself; it takes every n-th stretch,
  // so that all take equally long, however the objects are sorted.
  std::vector<Part> parts(objects.size() < kWorthSharing ? 1 : workers.count());
  const std::size_t stretches = (objects.size() + kStretch - 1) / kStretch;
  workers.run(parts.size(), [&](std::size_t i) {
    schema::Checker checker(catalog);
    Part part;  // its own, so that workers do not wait for each other's memory
    for (auto stretch = i; stretch < stretches; stretch += parts.size()) {
      const auto end = std::min((stretch + 1) * kStretch, objects.size());
      for (auto at = stretch * kStretch; at < end; ++at) {
        const auto& object = objects[at];
        if (object.group() != "marty.dev" && !checker.check(object, part.found)) ++part.unknown;
      }
      part.ends.push_back(part.found.all().size());
    }
    parts[i] = std::move(part);
  });
  std::size_t unknown = 0;
  for (const Part& part : parts) unknown += part.unknown;
  for (std::size_t stretch = 0; stretch < stretches; ++stretch) {
    Part& part = parts[stretch % parts.size()];
    const std::size_t nth = stretch / parts.size();
    for (auto k = nth > 0 ? part.ends[nth - 1] : 0; k < part.ends[nth]; ++k)
      found.add(std::move(part.found.all()[k]));
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
