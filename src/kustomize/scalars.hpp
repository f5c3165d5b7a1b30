#pragma once

#include "manifest/node.hpp"

namespace marty::kustomize {

/// Gives every plain scalar below the meaning kustomize's YAML reader gives it, in the spelling it writes:
/// `yes` and `on` are texts, `0644` is 420, `1.0` is 1, `True` is true,
/// `2026-01-31` is a text with a time. False when one has no JSON form (.inf).
bool settle_scalars(manifest::Node&);

/// What `settle_scalars` would make of a plain scalar: is it a text?
bool reads_as_text(const manifest::Node& scalar);

}  // namespace marty::kustomize
