#include "rules/comparison.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "rules/schemas.hpp"

namespace marty::rules {

namespace {

/// An object of one side.
auto object_of(const Diagnostic& finding) {
  const auto& object = finding.object;
  return std::tuple(finding.where.begin.file, object.kind, object.ns, object.name);
}

}  // namespace

void compare_all(const Comparison& comparison, Diagnostics& found) {
  Diagnostics more;
  for (const auto* rule : all_rules()) {
    if (rule->compare == nullptr) continue;
    Report report(*rule, more);
    rule->compare(comparison, report);
  }
  // An object with an error says something else than it was meant to: no wonder that it differs.
  std::set<decltype(object_of({}))> wrong;
  for (const auto& finding : found.all())
    if (finding.severity == Severity::kError) wrong.insert(object_of(finding));
  std::erase_if(more.all(), [&](const Diagnostic& finding) { return wrong.contains(object_of(finding)); });
  add_what_is_new(found, std::move(more));
}

}  // namespace marty::rules
