#pragma once

#include <memory>

#include "core/workers.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"
#include "schema/catalog.hpp"

namespace marty::rules {

/// One set of manifests and what they mean together.
struct Analysis {
  dialect::Manifests manifests;
  mesh::Model model = {};
  std::unique_ptr<const Estate> estate = {};  ///< over both
  std::size_t unknown = 0;                    ///< objects whose kind has no schema
};

/// Everything that can be found about one set of manifests: schemas, decoding, references, then the rules.
/// What one of them said about a place, the later ones do not say again.
std::unique_ptr<const Analysis> analyze(dialect::Manifests, const SourceMap&, const Settings&,
                                        const schema::Catalog&, Diagnostics&, Workers& = one_at_a_time());

}  // namespace marty::rules
