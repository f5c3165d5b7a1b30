#pragma once

#include <string>

#include "rules/rule.hpp"

namespace marty::rules {

/// One rule's page for a terminal: what, why, an example that it finds and the same mended.
std::string page(const Rule&);
/// All of them as Markdown: docs/rules.md.
std::string handbook();

}  // namespace marty::rules
