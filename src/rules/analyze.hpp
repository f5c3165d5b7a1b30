#pragma once

#include "core/workers.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"
#include "schema/catalog.hpp"

namespace marty::rules {

/// Everything that can be found about one set of manifests: schemas, decoding, references, then the rules.
/// What one of them said about a place, the later ones do not say again. Returns how many objects there are
/// whose kind has no schema.
std::size_t analyze(const dialect::Manifests&, const SourceMap&, const Settings&, const schema::Catalog&,
                    Diagnostics&, Workers& = one_at_a_time());

}  // namespace marty::rules
