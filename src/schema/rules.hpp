#pragma once

#include <unordered_map>

#include "schema/cel.hpp"
#include "schema/walk.hpp"

namespace marty::schema {

/// Expressions parsed so far. nullptr: one that we cannot compute, so it decides nothing.
using ParsedRules = std::unordered_map<const Rule*, std::unique_ptr<Cel>>;

/// What the rules of many objects need again and again.
struct RuleCaches {
  Patterns& patterns;
  Defaults& defaults;
  ParsedRules parsed{};
};

/// Computes the rules of an object whose fields are all in order, as the API server does.
void check_rules(Walk&, RuleCaches&, const manifest::Node& object, std::uint32_t schema);

}  // namespace marty::schema
