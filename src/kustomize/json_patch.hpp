#pragma once

#include "core/diagnostic.hpp"
#include "kustomize/object.hpp"

namespace marty::kustomize {

/// Carries out the operations of a JSON patch (RFC 6902) one after the other: add, remove, replace, move,
/// copy, test. Array positions may be negative, from the end. The first that cannot be done is reported, as
/// is a list that is none; false then, and the object may be changed in part.
bool apply_json_patch(Node& object, const Node& operations, Diagnostics&);

/// Whether a document is meant to be a JSON patch: a list, not an object.
inline bool is_json_patch(const Node& document) { return document.is_sequence(); }

}  // namespace marty::kustomize
