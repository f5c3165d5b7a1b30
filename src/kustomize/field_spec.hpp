#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "kustomize/object.hpp"

namespace marty::kustomize {

/// Which field of which kinds: "spec/template/metadata/labels". Lists on the way are entered item by item; a
/// step that ends in "[]" is a list for sure. "\/" is a slash inside a step.
struct FieldSpec {
  std::string group, version, kind, path;
  bool create = false;

  bool selects(const Object& object) const {
    return KindSelector{group, version, kind}.selects(object.group(), object.version(), object.kind());
  }
};
using FieldSpecs = std::vector<FieldSpec>;

std::vector<std::string> split_path(std::string_view path, char delimiter);

/// What to make of a last step that is not there.
enum class Create { kNo, kMapping, kText };

/// Calls `set` on each node a path leads to. False when it leads through something that has no fields, or
/// `set` says that the node is not what it can be set on.
using Setter = std::function<bool(Node&)>;
bool visit_field(Node& from, std::span<const std::string> path, Create, Origin made_by, const Setter& set);

/// Reports that a field of an object has no place for what `by` asks for.
void report_no_place(const Object&, std::string_view path, SourceRange by, Diagnostics&);

/// The tables kustomize v5 has built in.
FieldSpecs selector_label_fields();  ///< of commonLabels and includeSelectors: selectors and all below
FieldSpecs template_label_fields();  ///< of includeTemplates: metadata of objects and of pod templates
FieldSpecs annotation_fields();
FieldSpecs image_fields();
FieldSpecs replica_fields();
FieldSpecs namespace_fields();

}  // namespace marty::kustomize
