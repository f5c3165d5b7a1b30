#pragma once

#include <span>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules {

/// What a rule looks at: a way, and what is checked where it leads.
struct Look {
  Way way;
  void (*check)(const Resource&, const Place&, Report&);
};
/// Object after object, in each look after look.
void each(const Estate::Objects&, std::span<const Look>, Report&);

}  // namespace marty::rules
