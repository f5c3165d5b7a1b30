#pragma once

#include "core/diagnostic.hpp"
#include "kustomize/object.hpp"

namespace marty::kustomize {

/// Merges a patch into an object as kustomize does: mappings merge, null and `$patch: delete` remove,
/// `$patch: replace` replaces; lists that Kubernetes merges by a key are matched item by item, the patch's
/// items coming first; all other lists, and those of kinds without a schema, are replaced. Values keep the
/// place where they were written. What does not fit is reported at the patch, and left as it was. False when
/// nothing remains of the object.
bool merge_object(Node& object, Node patch, Diagnostics&);

}  // namespace marty::kustomize
