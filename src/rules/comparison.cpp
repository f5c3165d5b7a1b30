#include "rules/comparison.hpp"

#include "rules/schemas.hpp"

namespace marty::rules {

void compare_all(const Comparison& comparison, Diagnostics& found) {
  Diagnostics more;
  for (const auto* rule : all_rules()) {
    if (rule->compare == nullptr) continue;
    Report report(*rule, more);
    rule->compare(comparison, report);
  }
  add_what_is_new(found, std::move(more));
}

}  // namespace marty::rules
