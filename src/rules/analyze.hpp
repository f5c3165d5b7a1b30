#pragma once

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules {

/// Everything that can be found about one set of manifests: decoding, references, then the rules.
void analyze(const dialect::Manifests&, const SourceMap&, const Settings&, Diagnostics&);

}  // namespace marty::rules
