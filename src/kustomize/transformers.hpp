#pragma once

#include "core/diagnostic.hpp"
#include "kustomize/folder.hpp"
#include "kustomize/kustomization.hpp"
#include "kustomize/object.hpp"

/// What a kustomization does to the objects below it, one file each. Every one reports what it cannot do and
/// goes on. Values that are written get the place of what asked for them.
namespace marty::kustomize {

/// ConfigMaps and Secrets from files, literals and env files; a Secret's values in base 64.
void generate(const Kustomization&, Folder&, Objects&, Diagnostics&);

void apply_merge_patches(const Kustomization&, Folder&, Objects&, Diagnostics&);  ///< patchesStrategicMerge
void apply_patches(const Kustomization&, Folder&, Objects&, Diagnostics&);
void set_namespace(const Kustomization&, Objects&, Diagnostics&);
void add_prefix_and_suffix(const Kustomization&, Objects&);
void add_labels(const Kustomization&, Objects&, Diagnostics&);
void add_annotations(const Kustomization&, Objects&, Diagnostics&);
void apply_json_patches(const Kustomization&, Folder&, Objects&, Diagnostics&);  ///< patchesJson6902
void set_replicas(const Kustomization&, Objects&, Diagnostics&);
void set_images(const Kustomization&, Objects&, Diagnostics&);
void copy_values(const Kustomization&, Folder&, Objects&, Diagnostics&);  ///< replacements

/// Once, when all is built: names that end in a hash, and whatever refers to names that have changed.
void add_hashes(Objects&, Diagnostics&);
void rewrite_references(Objects&, Diagnostics&);
/// Without options as kustomize does by default: by kind, those first that others depend on.
void sort_objects(const std::optional<SortOptions>&, Objects&);

/// Reports and removes objects that are one too many.
void drop_duplicates(Objects&, Diagnostics&);

}  // namespace marty::kustomize
