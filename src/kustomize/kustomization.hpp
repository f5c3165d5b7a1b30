#pragma once

#include <optional>
#include <string>
#include <vector>

#include "manifest/fields.hpp"

/// A kustomization.yaml as it is written: the fields of kustomize v5 that marty carries out. All others are
/// refused by name.
namespace marty::kustomize {

using Text = Sourced<std::string>;
using Pairs = std::vector<std::pair<Text, Text>>;  ///< in file order

/// Objects by what identifies them. Of patches the texts are regular expressions for the whole value, of
/// replacements plain texts; empty ones select any.
struct Selector {
  Text group, version, kind, name, ns, label_selector, annotation_selector;
  Origin origin;
  bool empty() const {
    return group->empty() && version->empty() && kind->empty() && name->empty() && ns->empty();
  }
};

struct PatchEntry {
  Text path, patch;  ///< one of them
  std::optional<Selector> target;
  struct Options {
    bool allow_name_change = false, allow_kind_change = false;
  } options;
  Origin origin;
};

struct LabelEntry {
  struct Field {
    std::string group, version, kind;
    Text path;
    bool create = false;
    Origin origin;
  };
  Pairs pairs;
  bool include_selectors = false, include_templates = false;
  std::vector<Field> fields;
};

struct ImageEntry {
  Text name, new_name, new_tag, digest, tag_suffix;
  Origin origin;
};

struct ReplicaEntry {
  Text name;
  Sourced<std::int64_t> count;
  Origin origin;
};

struct GeneratorOptions {
  Pairs labels, annotations;
  bool disable_name_suffix_hash = false;
  Sourced<bool> immutable;
};

struct GeneratorEntry {
  Text name, ns, behavior, type, env;
  std::vector<Text> files, literals, envs;
  GeneratorOptions options;
  Origin origin;
};

struct FieldOptions {
  Text delimiter;
  std::int64_t index = 0;
  bool create = false;
};

struct Replacement {
  struct Source : Selector {
    Text field_path;
    FieldOptions options;
  };
  struct Target {
    std::optional<Selector> select;
    std::vector<Selector> reject;
    std::vector<Text> field_paths;
    FieldOptions options;
    Origin origin;
  };
  std::optional<Source> source;
  std::optional<Text> source_value;
  std::vector<Target> targets;
  Text path;  ///< of a file with one replacement or a list of them, instead of all the others
  Origin origin;
};

struct SortOptions {
  Text order;
  struct Legacy {
    std::vector<std::string> first, last;
  };
  std::optional<Legacy> legacy;
};

struct Kustomization {
  Text api_version, kind;
  std::vector<Text> resources, bases, components;
  Text ns, name_prefix, name_suffix;
  std::vector<LabelEntry> labels;
  Pairs common_labels, common_annotations;
  std::vector<PatchEntry> patches, json_patches;
  std::vector<Text> merge_patches;
  std::vector<ImageEntry> images, image_tags;
  std::vector<ReplicaEntry> replicas;
  std::vector<GeneratorEntry> config_maps, secrets;
  GeneratorOptions generator_options;
  std::vector<Replacement> replacements;
  std::optional<SortOptions> sort;

  bool is_component() const { return *kind == "Component"; }
};
const manifest::Table& fields(manifest::Tag<Replacement>);

/// Reads one document; false when it cannot be built. `shown` is the path for findings.
bool read_kustomization(const manifest::Node&, const std::string& shown, Kustomization&, Diagnostics&);

}  // namespace marty::kustomize
