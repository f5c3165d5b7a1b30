#pragma once

#include <unordered_map>

#include "schema/cel.hpp"
#include "schema/walk.hpp"

namespace marty::schema {

struct ParsedRule {
  std::unique_ptr<Cel> cel;  ///< nullptr: one that we cannot compute, so it decides nothing
  bool tried = false;
};
/// As long as the rules of the tables, each parsed when it is first asked for.
using ParsedRules = std::unordered_map<const Tables*, std::vector<ParsedRule>>;

/// What the rules of many objects need again and again.
struct RuleCaches {
  Patterns& patterns;
  Defaults& defaults;
  ParsedRules parsed{};
};

/// Computes the rules of an object whose fields are all in order, as the API server does.
void check_rules(Walk&, RuleCaches&, const manifest::Node& object, std::uint32_t schema);

}  // namespace marty::schema
