#include <algorithm>

#include "kustomize/field_spec.hpp"
#include "kustomize/transformers.hpp"

namespace marty::kustomize {

namespace {

/// Adds pairs to a mapping of each object; what is there already is overruled.
class PairWriter {
 public:
  PairWriter(const Pairs& pairs, const FieldSpecs& specs, Diagnostics& found) : pairs_(pairs), found_(found) {
    for (const FieldSpec& spec : specs) paths_.push_back({spec, split_path(spec.path, '/')});
  }

  void write(Objects& objects) {
    if (pairs_.empty()) return;
    for (Object& object : objects) {
      for (const auto& [spec, path] : paths_) {
        if (spec.selects(object)) write(object, spec, path);
      }
    }
  }

 private:
  void write(Object& object, const FieldSpec& spec, const std::vector<std::string>& path) {
    const Origin by = pairs_[0].first.origin;
    const Create create = spec.create ? Create::kMapping : Create::kNo;
    const bool fits = visit_field(object.root, path, create, by, [&](Node& node) {
      if (!node.is_mapping()) return node.is_null();
      for (const auto& [key, value] : pairs_) set_entry(node, *key, Node::string(*value, value.origin));
      return true;
    });
    if (!fits) report_no_place(object, spec.path, range_of(pairs_[0].first), found_);
  }

  const Pairs& pairs_;
  std::vector<std::pair<FieldSpec, std::vector<std::string>>> paths_;
  Diagnostics& found_;
};

/// False when the same field is already in `to`, but with another `create`.
bool merge(FieldSpecs& to, const FieldSpecs& from) {
  for (const FieldSpec& spec : from) {
    const auto known = std::find_if(to.begin(), to.end(), [&](const FieldSpec& other) {
      return other.path == spec.path && KindSelector{spec.group, spec.version, spec.kind}.selects(
                                            other.group, other.version, other.kind);
    });
    if (known == to.end()) {
      to.push_back(spec);
    } else if (known->create != spec.create) {
      return false;
    }
  }
  return true;
}

}  // namespace

void add_labels(const Kustomization& kustomization, Objects& objects, Diagnostics& found) {
  for (const LabelEntry& entry : kustomization.labels) {
    FieldSpecs specs;
    for (const auto& field : entry.fields)
      specs.push_back({field.group, field.version, field.kind, *field.path, field.create});
    bool fine = true;
    if (entry.include_selectors) {
      fine = merge(specs, selector_label_fields());
    } else {
      if (entry.include_templates) fine = merge(specs, template_label_fields());
      fine &= merge(specs, {{"", "", "", "metadata/labels", true}});
    }
    if (fine) {
      PairWriter(entry.pairs, specs, found).write(objects);
    } else {
      found.error("kustomize-field", {entry.fields[0].origin, 0},
                  "one of these fields is a label field anyway, with another 'create'; leave it out");
    }
  }
  PairWriter(kustomization.common_labels, selector_label_fields(), found).write(objects);
}

void add_annotations(const Kustomization& kustomization, Objects& objects, Diagnostics& found) {
  PairWriter(kustomization.common_annotations, annotation_fields(), found).write(objects);
}

}  // namespace marty::kustomize
