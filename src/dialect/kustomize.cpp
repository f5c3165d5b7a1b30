#include "dialect/kustomize.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "manifest/yaml.hpp"

namespace marty::dialect {

using namespace manifest;

namespace {

constexpr Remark kUnsupported{"kustomize-unsupported",
                              "marty does not carry out this part of a kustomization; build it with "
                              "'kubectl kustomize' and read the output"};

struct Target {
  Sourced<std::string> group, version, kind, name, ns;
};
struct PatchEntry {
  Sourced<std::string> path, patch;
  std::optional<Target> target;
  Origin origin;
};
struct Kustomization {
  std::vector<Sourced<std::string>> resources, bases;
  Sourced<std::string> ns;
  std::vector<PatchEntry> patches;
};

const Table& fields(Tag<Target>) {
  static const Fields<Target> table{
      "Target",
      {field("group", &Target::group), field("version", &Target::version), field("kind", &Target::kind),
       field("name", &Target::name), field("namespace", &Target::ns), ignored("labelSelector", kUnsupported),
       ignored("annotationSelector", kUnsupported)}};
  return table;
}

const Table& fields(Tag<PatchEntry>) {
  using P = PatchEntry;
  static const Fields<P> table{
      "Patch",
      {field("path", &P::path, OneOf{"source"}), field("patch", &P::patch, OneOf{"source"}),
       field("target", &P::target), ignored("options", kUnsupported)}};
  return table;
}

const Table& fields(Tag<Kustomization>) {
  using K = Kustomization;
  static const Fields<K> table{"Kustomization",
                               {ignored("apiVersion"),
                                ignored("kind"),
                                ignored("metadata"),
                                field("resources", &K::resources),
                                field("bases", &K::bases, deprecated("list it under resources")),
                                field("namespace", &K::ns),
                                field("patches", &K::patches),
                                ignored("labels", kUnsupported),
                                ignored("commonLabels", kUnsupported),
                                ignored("commonAnnotations", kUnsupported),
                                ignored("components", kUnsupported),
                                ignored("configMapGenerator"),
                                ignored("secretGenerator"),
                                ignored("generatorOptions"),
                                ignored("crds"),
                                ignored("generators", kUnsupported),
                                ignored("helmCharts", kUnsupported),
                                ignored("helmGlobals", kUnsupported),
                                ignored("images"),
                                ignored("namePrefix", kUnsupported),
                                ignored("nameSuffix", kUnsupported),
                                ignored("openapi"),
                                ignored("patchesJson6902", kUnsupported),
                                ignored("patchesStrategicMerge", kUnsupported),
                                ignored("replacements", kUnsupported),
                                ignored("replicas", kUnsupported),
                                ignored("sortOptions"),
                                ignored("transformers", kUnsupported),
                                ignored("validators"),
                                ignored("vars", kUnsupported),
                                ignored("buildMetadata"),
                                ignored("inventory")}};
  return table;
}

/// Lists of these are merged by name; all other lists are replaced.
bool merges_by_name(std::string_view key) {
  return key == "containers" || key == "initContainers" || key == "volumes" || key == "env" ||
         key == "imagePullSecrets";
}

void merge(Node& into, const Node& patch);

void merge_list(Node& into, const Node& patch) {
  for (const Node& item : patch.children) {
    const Node* name = item.find("name");
    Node* known = nullptr;
    for (Node& candidate : into.children) {
      const Node* other = candidate.find("name");
      if (name && other && other->text == name->text) known = &candidate;
    }
    if (known) {
      merge(*known, item);
    } else {
      into.children.push_back(item);
    }
  }
}

/// A strategic merge as far as it is used on workloads: null deletes, mappings merge, named lists merge, the
/// rest is replaced. Values keep the place where they were written, be it the base or the patch.
void merge(Node& into, const Node& patch) {
  for (std::size_t i = 0; i < patch.size(); ++i) {
    const auto [key, value] = patch.entry(i);
    Node* known = into.find(key.text);
    if (value.is_null()) {
      if (!known) continue;
      const auto at = (known - into.children.data()) - 1;
      into.children.erase(into.children.begin() + at, into.children.begin() + at + 2);
    } else if (!known) {
      into.children.push_back(key);
      into.children.push_back(value);
    } else if (known->is_mapping() && value.is_mapping()) {
      merge(*known, value);
    } else if (known->is_sequence() && value.is_sequence() && merges_by_name(key.text)) {
      merge_list(*known, value);
    } else {
      *known = value;
    }
  }
}

void move_to(Node& node, Origin place) {
  node.origin = place;
  node.length = 0;
  for (Node& child : node.children) move_to(child, place);
}

bool wanted(const Sourced<std::string>& pattern, std::string_view text) {
  return pattern->empty() || *pattern == "*" || *pattern == text;
}

bool targets(const PatchEntry& entry, const Resource& patch, const Resource& resource) {
  if (!entry.target) {
    return patch.kind == resource.kind && patch.name == resource.name && patch.group() == resource.group() &&
           (patch.ns->empty() || patch.ns == resource.ns || resource.ns->empty());
  }
  const Target& target = *entry.target;
  // Kustomize takes regular expressions here; ".*" is the one in use.
  const bool any_name = *target.name == ".*";
  return wanted(target.kind, *resource.kind) && (any_name || wanted(target.name, *resource.name)) &&
         wanted(target.group, resource.group()) && wanted(target.version, resource.version()) &&
         wanted(target.ns, *resource.ns);
}

/// Name and namespace choose the object and are not changed.
void merge_body(Resource& resource, const Resource& patch) {
  Node body = patch.root;
  if (Node* metadata = body.find("metadata")) {
    for (const char* key : {"name", "namespace"}) {
      if (Node* value = metadata->find(key)) {
        const auto at = (value - metadata->children.data()) - 1;
        metadata->children.erase(metadata->children.begin() + at, metadata->children.begin() + at + 2);
      }
    }
  }
  merge(resource.root, body);
}

bool is_cluster_scoped(std::string_view kind) {
  return kind == "Namespace" || kind == "ClusterRole" || kind == "ClusterRoleBinding" ||
         kind == "CustomResourceDefinition" || kind == "PersistentVolume" || kind == "StorageClass" ||
         kind == "PriorityClass";
}

void set_namespace(const Sourced<std::string>& ns, Resource& resource) {
  if (*resource.kind == "Namespace") {
    resource.name = ns;  // as kustomize does
  } else if (!is_cluster_scoped(*resource.kind)) {
    resource.ns = ns;
  }
}

}  // namespace

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

std::string join_path(const std::string& directory, std::string_view relative) {
  if (relative.starts_with('/')) return std::string(relative);
  std::vector<std::string> steps;
  std::string text = directory + "/" + std::string(relative);
  const bool absolute = text.starts_with('/');
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('/', at), text.size());
    const std::string step = text.substr(at, end - at);
    at = end + 1;
    if (step.empty() || step == ".") continue;
    if (step == ".." && !steps.empty() && steps.back() != "..") {
      steps.pop_back();
    } else {
      steps.push_back(step);
    }
  }
  std::string out = absolute ? "/" : "";
  for (std::size_t i = 0; i < steps.size(); ++i) out += (i ? "/" : "") + steps[i];
  return out.empty() ? "." : out;
}

std::string Kustomize::file_in(const std::vector<std::string>& names) {
  for (const char* name : {"kustomization.yaml", "kustomization.yml", "Kustomization"}) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return name;
  }
  return {};
}

namespace {

void apply(const PatchEntry& entry, const std::vector<Resource>& patches, std::vector<Resource>& built,
           Diagnostics& found) {
  for (const Resource& patch : patches) {
    bool any = false;
    for (Resource& resource : built) {
      if (!targets(entry, patch, resource)) continue;
      any = true;
      merge_body(resource, patch);
    }
    if (any) continue;
    found.error("kustomize-no-target", {patch.kind.origin, 0},
                fmt::format("no {} '{}' to patch", *patch.kind, *patch.name));
  }
}

/// The values of an inline patch have no lines of their own: they get the place where its text stands.
std::vector<Resource> inline_patch(const PatchEntry& entry, Diagnostics& found) {
  Diagnostics inner;
  auto patches = read_resources(*entry.patch, entry.patch.origin.file, inner).all;
  for (auto& patch : patches) move_to(patch.root, entry.patch.origin);
  if (inner.has_errors() || patches.empty()) {
    found.warning("kustomize-unsupported", {entry.patch.origin, 0},
                  "this is no strategic-merge patch; it is not carried out");
  }
  return patches;
}

}  // namespace

std::vector<Resource> Kustomize::build(const std::string& path) {
  std::vector<Resource> built;
  auto text = tree_.read(path);
  if (!text) {
    complete_ = false;
    found_.error("unreadable-file", {}, fmt::format("{}: {}", path, text.error().text));
    return built;
  }
  const auto file = sources_.add(path, *text);
  const auto documents = parse_yaml(*text, file, found_);
  Kustomization kustomization;
  if (documents.size() != 1) {
    complete_ = false;
    if (documents.empty())
      found_.error("kustomize-empty", {{1, 1, file}, 0},
                   "this kustomization says nothing; list files under 'resources'");
    return built;
  }
  const ObjectRef object{"kustomize.config.k8s.io/v1beta1", "Kustomization", "", path};
  if (!decode(documents[0], kustomization, object, found_)) complete_ = false;

  open_.push_back(path);
  const std::string directory = directory_of(path);
  for (const auto& entry : kustomization.resources) add_resource(entry, directory, built);
  for (const auto& entry : kustomization.bases) add_resource(entry, directory, built);
  open_.pop_back();

  for (const auto& entry : kustomization.patches) {
    apply(entry,
          entry.path->empty() ? inline_patch(entry, found_) : read_file_(join_path(directory, *entry.path)),
          built, found_);
  }
  if (!kustomization.ns->empty()) {
    for (Resource& resource : built) set_namespace(kustomization.ns, resource);
  }
  return built;
}

void Kustomize::add_resource(const Sourced<std::string>& entry, const std::string& directory,
                             std::vector<Resource>& built) {
  const SourceRange where{entry.origin,
                          static_cast<std::uint16_t>(std::min<std::size_t>(entry->size(), UINT16_MAX))};
  if (entry->find("://") != entry->npos || entry->starts_with("github.com/")) {
    complete_ = false;
    found_.error("kustomize-unsupported", where, "marty does not fetch remote resources; copy it here");
    return;
  }
  const std::string path = join_path(directory, *entry);
  std::vector<Resource> more;
  if (auto names = tree_.list(path)) {
    const std::string name = Kustomize::file_in(*names);
    const std::string inner = path + "/" + name;
    if (name.empty()) {
      complete_ = false;
      found_.error("kustomize-no-file", where,
                   fmt::format("the directory {} has no kustomization.yaml", path));
      return;
    }
    if (std::find(open_.begin(), open_.end(), inner) != open_.end()) {
      complete_ = false;
      found_.error("kustomize-cycle", where, fmt::format("{} is already being built: a cycle", inner));
      return;
    }
    more = build(inner);
  } else {
    more = read_file_(path);
  }
  std::move(more.begin(), more.end(), std::back_inserter(built));
}

}  // namespace marty::dialect
