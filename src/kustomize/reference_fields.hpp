#pragma once

#include <span>
#include <string>
#include <vector>

#include "kustomize/field_spec.hpp"

namespace marty::kustomize {

/// A field of one kind that holds the name of an object of another. Where the path ends at a mapping or a
/// list of them, their `name` and `namespace` are meant.
struct ReferenceField {
  FieldSpec from;
  std::vector<std::string> path;  ///< of `from`, split
  KindSelector to;
};

/// The fields by which an object of this kind refers to others, as kustomize v5 has them built in.
const std::vector<const ReferenceField*>& reference_fields(std::string_view kind);

}  // namespace marty::kustomize
