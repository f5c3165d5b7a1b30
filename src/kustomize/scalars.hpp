#pragma once

#include "manifest/node.hpp"

namespace marty::kustomize {

/// Gives every plain scalar below the meaning kustomize's YAML reader gives it, in the spelling it writes:
/// `yes` and `on` are texts, `0644` is 420, `1.0` is 1, `True` is true,
/// `2026-01-31` is a text with a time. False when one has no JSON form (.inf).
bool settle_scalars(manifest::Node&);

/// The same for the reader kustomize has for JSON patches, which is one of YAML 1.1: `yes`, `on` and `y` are
/// true, dates are texts.
bool settle_scalars_1_1(manifest::Node&);

/// What `settle_scalars` would make of a plain scalar: is it a text?
bool reads_as_text(const manifest::Node& scalar);

}  // namespace marty::kustomize
