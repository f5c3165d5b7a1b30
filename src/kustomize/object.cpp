#include "kustomize/object.hpp"

#include <fmt/format.h>

#include "kustomize/merge_schema.hpp"

namespace marty::kustomize {

namespace {

constexpr std::string_view kNoNamespace = "_non_namespaceable_";
constexpr std::string_view kDefaultNamespace = "default";

std::string_view scalar(const Node* node) {
  return node && node->is_scalar() ? std::string_view(node->text) : std::string_view{};
}

}  // namespace

bool is_cluster_scoped(std::string_view api_version, std::string_view kind) {
  const KnownKind* known = find_kind(api_version, kind);
  return known && known->scope == Scope::kCluster;
}

std::string Id::describe() const {
  const std::string api = group.empty() ? version : group + "/" + version;
  if (ns == kNoNamespace || ns == kDefaultNamespace) return fmt::format("{} '{}' ({})", kind, name, api);
  return fmt::format("{} '{}' ({}) in namespace '{}'", kind, name, api, ns);
}

std::string_view Object::text(std::string_view key) const { return scalar(root.find(key)); }

std::string_view Object::metadata(std::string_view key) const {
  const Node* metadata = root.find("metadata");
  return metadata ? scalar(metadata->find(key)) : std::string_view{};
}

std::string_view Object::group() const {
  const auto api = api_version();
  const auto slash = api.find('/');
  return slash == api.npos ? std::string_view{} : api.substr(0, slash);
}

std::string_view Object::version() const {
  const auto api = api_version();
  return api.substr(api.find('/') + 1);
}

bool Object::cluster_scoped() const { return is_cluster_scoped(api_version(), kind()); }

std::string_view Object::effective_ns() const {
  if (cluster_scoped()) return kNoNamespace;
  return ns().empty() ? kDefaultNamespace : ns();
}

Id Object::id() const {
  return {std::string(group()), std::string(version()), std::string(kind()), std::string(name()),
          std::string(effective_ns())};
}

std::vector<Id> Object::ids() const {
  std::vector<Id> all{id()};
  for (const Former& was : former)
    all.push_back({std::string(group()), std::string(version()), was.kind, was.name, was.ns});
  return all;
}

Id Object::first_id() const { return former.empty() ? id() : ids()[1]; }

void Object::remember() {
  former.push_back({std::string(name()), std::string(effective_ns()), std::string(kind())});
}

void Object::set_metadata(std::string_view key, std::string_view value, Origin origin) {
  Node& metadata = mapping_at(root, "metadata");
  if (value.empty()) return remove_entry(metadata, key);
  set_entry(metadata, key, Node::string(std::string(value), origin));
}

void set_entry(Node& mapping, std::string_view key, Node value) {
  if (Node* known = mapping.find(key)) {
    *known = std::move(value);
  } else {
    const Origin origin = value.origin;
    mapping.add(key, std::move(value));
    mapping.children[mapping.children.size() - 2].origin = origin;
  }
}

void remove_entry(Node& mapping, std::string_view key) {
  Node* known = mapping.find(key);
  if (!known) return;
  const auto at = mapping.children.begin() + (known - mapping.children.data()) - 1;
  mapping.children.erase(at, at + 2);
}

Node& mapping_at(Node& mapping, std::string_view key) {
  Node* known = mapping.find(key);
  if (!known) return mapping.add(key, Node::mapping(mapping.origin));
  if (known->is_null()) *known = Node::mapping(known->origin);
  return *known;
}

}  // namespace marty::kustomize
