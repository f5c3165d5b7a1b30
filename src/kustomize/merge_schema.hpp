#pragma once

#include <string_view>
#include <vector>

namespace marty::kustomize {

enum class Scope { kNamespaced, kCluster };

/// A kind of Kubernetes itself.
struct KnownKind {
  std::string_view kind, api_version;
  std::string_view type;  ///< where lists_of begins
  Scope scope;
};
/// nullptr for a kind kustomize has no schema of, such as every custom resource.
const KnownKind* find_kind(std::string_view api_version, std::string_view kind);

/// A field of a type that is a list merged item by item, or leads to one.
struct MergeField {
  std::string_view type, field;
  std::string_view values;  ///< their type; empty when nothing below is merged item by item
  std::string_view keys;    ///< fields that tell items apart, with ',' between
  bool merges_items;
  std::vector<std::string_view> key_list() const;  ///< empty: the items are plain values
};
/// nullptr when nothing is known of it: mappings merge, lists are replaced.
const MergeField* find_merge_field(std::string_view type, std::string_view field);

}  // namespace marty::kustomize
