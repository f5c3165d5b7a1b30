#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "manifest/node.hpp"

namespace marty::kustomize {

using manifest::Node;

/// What tells objects apart. `ns` is the effective one: "default" when nothing is written, a marker for kinds
/// that live in none.
struct Id {
  std::string group, version, kind, name, ns;
  friend bool operator==(const Id&, const Id&) = default;
  /// "Deployment 'web' (apps/v1) in namespace 'shop'".
  std::string describe() const;
};

/// Group, version and kind; an empty one selects any.
struct KindSelector {
  std::string_view group, version, kind;
  bool selects(std::string_view other_group, std::string_view other_version,
               std::string_view other_kind) const {
    return (group.empty() || group == other_group) && (version.empty() || version == other_version) &&
           (kind.empty() || kind == other_kind);
  }
};

/// What a generator's object does to one that is there already.
enum class Behavior { kCreate, kReplace, kMerge };

/// An object on its way through a build, with what has to be remembered until references are rewritten.
struct Object {
  Node root;

  /// A name it had before; kustomize finds targets and references by all of them.
  struct Former {
    std::string name, ns, kind;
  };
  std::vector<Former> former;                   ///< oldest first
  std::vector<std::string> prefixes, suffixes;  ///< in the order they were added
  bool wants_hash = false;                      ///< generated, and its name is to end in a hash
  Behavior behavior = Behavior::kCreate;

  std::string_view api_version() const { return text("apiVersion"); }
  std::string_view kind() const { return text("kind"); }
  std::string_view group() const;
  std::string_view version() const;
  std::string_view name() const { return metadata("name"); }
  std::string_view ns() const { return metadata("namespace"); }
  std::string_view effective_ns() const;
  bool cluster_scoped() const;

  Id id() const;
  Id first_id() const;
  std::vector<Id> ids() const;  ///< the present one, then the former ones
  /// Called before the name, namespace or kind changes.
  void remember();
  /// Name or namespace as a text; empty removes it.
  void set_metadata(std::string_view key, std::string_view value, Origin origin);

 private:
  std::string_view text(std::string_view key) const;
  std::string_view metadata(std::string_view key) const;
};
using Objects = std::vector<Object>;

/// Whether a kind of Kubernetes itself lives outside of namespaces; others are taken to live in one.
bool is_cluster_scoped(std::string_view api_version, std::string_view kind);

/// Sets an entry of a mapping, new or not.
void set_entry(Node& mapping, std::string_view key, Node value);
/// Removes an entry of a mapping, if it is there.
void remove_entry(Node& mapping, std::string_view key);
/// The mapping under a key, made when it is absent or null.
Node& mapping_at(Node& mapping, std::string_view key);

}  // namespace marty::kustomize
