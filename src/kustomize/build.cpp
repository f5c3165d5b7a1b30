#include "kustomize/build.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "kustomize/scalars.hpp"
#include "kustomize/transformers.hpp"
#include "manifest/yaml.hpp"

namespace marty::kustomize {

namespace {

constexpr const char* kFileNames[] = {"kustomization.yaml", "kustomization.yml", "Kustomization"};

bool is_remote(std::string_view entry) {
  return entry.find("://") != entry.npos || entry.find("?ref=") != entry.npos || entry.starts_with("git@") ||
         entry.starts_with("github.com/") || entry.starts_with("git::");
}

/// Only the documents of objects for ourselves carry this annotation.
bool is_local(const Object& object) {
  const Node* metadata = object.root.find("metadata");
  const Node* annotations = metadata ? metadata->find("annotations") : nullptr;
  const Node* mark = annotations ? annotations->find("config.kubernetes.io/local-config") : nullptr;
  return mark && mark->text != "false";
}

}  // namespace

void drop_duplicates(Objects& objects, Diagnostics& found) {
  std::unordered_map<std::string, Origin> seen;
  std::erase_if(objects, [&](const Object& object) {
    const SourceRange name = object.root.find("metadata")->find("name")->range();
    const auto [other, fresh] = seen.emplace(
        fmt::format("{} {} {} {}", object.kind(), object.api_version(), object.effective_ns(), object.name()),
        name.begin);
    if (fresh) return false;
    found.error("kustomize-duplicate", name, fmt::format("{} is there twice", object.id().describe()))
        .notes.push_back({{other->second, name.length}, "the other one"});
    return true;
  });
}

namespace {

class Builder {
 public:
  Builder(manifest::FileTree& tree, SourceMap& sources, Diagnostics& found)
      : texts_(tree, sources, found), found_(found) {}

  Built run(const std::string& directory) {
    const auto before = found_.count(Severity::kError);
    Objects objects;
    std::optional<SortOptions> sort;
    accumulate(Folder(texts_, manifest::join_path(directory, "")), false, {}, objects, &sort);
    if (found_.count(Severity::kError) == before) finish(objects, sort);
    Built out;
    out.complete = found_.count(Severity::kError) == before;
    out.files = std::move(texts_.files);
    for (Object& object : objects) out.objects.push_back(manifest::to_resource(std::move(object.root)));
    return out;
  }

 private:
  /// Adds what the kustomization of a folder makes. A component works on the objects of who asked for it.
  void accumulate(Folder folder, bool component, SourceRange asked_by, Objects& objects,
                  std::optional<SortOptions>* sort = nullptr) {
    Kustomization kustomization;
    if (!load(folder, component, asked_by, kustomization)) return;
    if (sort) *sort = kustomization.sort;
    open_.push_back(folder.real());
    for (const Text& entry : kustomization.resources) add_resource(folder, entry, objects);
    drop_duplicates(objects, found_);
    generate(kustomization, folder, objects, found_);
    for (const Text& entry : kustomization.components) enter(folder, entry, true, objects);
    transform(kustomization, folder, objects);
    open_.pop_back();
  }

  void transform(const Kustomization& kustomization, Folder& folder, Objects& objects) {
    apply_merge_patches(kustomization, folder, objects, found_);
    apply_patches(kustomization, folder, objects, found_);
    set_namespace(kustomization, objects, found_);
    add_prefix_and_suffix(kustomization, objects);
    add_labels(kustomization, objects, found_);
    add_annotations(kustomization, objects, found_);
    apply_json_patches(kustomization, folder, objects, found_);
    set_replicas(kustomization, objects, found_);
    set_images(kustomization, objects, found_);
    copy_values(kustomization, folder, objects, found_);
    drop_nameless(objects);
  }

  /// A replacement may have put anything where the name was.
  void drop_nameless(Objects& objects) {
    std::erase_if(objects, [this](const Object& object) {
      if (!object.name().empty() && !object.kind().empty() && !object.api_version().empty()) return false;
      found_.error("missing-field", object.root.range(), "this object has lost its name, kind or apiVersion");
      return true;
    });
  }

  void finish(Objects& objects, const std::optional<SortOptions>& sort) {
    add_hashes(objects, found_);
    rewrite_references(objects, found_);
    std::erase_if(objects, is_local);
    sort_objects(sort, objects);
    for (Object& object : objects) settle(object);
  }

  /// Scalars mean what kustomize takes them for, and annotations are texts, or gone when there are none.
  void settle(Object& object) {
    Node* metadata = object.root.find("metadata");
    Node* annotations = metadata->find("annotations");
    for (std::size_t i = 0; annotations && i < annotations->size(); ++i) {
      Node& value = annotations->children[2 * i + 1];
      if (value.is_scalar() || value.is_null()) value = Node::string(value.text, value.origin);
    }
    if (annotations && annotations->children.empty()) remove_entry(*metadata, "annotations");
    if (settle_scalars(object.root)) return;
    found_.error("kustomize-number", object.root.range(), "an infinite number has no place in an object");
  }

  bool load(Folder& folder, bool component, SourceRange asked_by, Kustomization& out) {
    const std::string name = only_file(folder, asked_by);
    if (name.empty()) return false;
    const auto file = folder.load(name, asked_by);
    if (!file) return false;
    const auto before = found_.count(Severity::kError);
    const auto documents = manifest::parse_yaml(texts_.sources.text(*file), *file, found_);
    const std::string shown = folder.join(name);
    if (documents.size() != 1) {
      if (found_.count(Severity::kError) == before)
        found_.error("kustomize-empty", {{1, 1, *file}, 0},
                     documents.empty() ? "this kustomization says nothing; list files under 'resources'"
                                       : "a kustomization is one document, and here are several");
      return false;
    }
    if (!read_kustomization(documents[0], shown, out, found_)) return false;
    if (found_.count(Severity::kError) > before) return false;
    if (out.is_component() == component) return true;
    if (!component && open_.empty()) return true;  // a component alone is built like any other
    found_.error("kustomize-kind", asked_by,
                 component ? fmt::format("{} is no component; list it under resources", shown)
                           : fmt::format("{} is a component; list it under components", shown));
    return false;
  }

  std::string only_file(Folder& folder, SourceRange asked_by) {
    auto names = texts_.tree.list(folder.path());
    std::vector<std::string> own;
    for (const char* name : kFileNames) {
      if (names && std::find(names->begin(), names->end(), name) != names->end()) own.emplace_back(name);
    }
    if (own.size() == 1) return own[0];
    if (!own.empty() && !asked_by.begin.known()) {
      if (const auto second = folder.load(own[1], asked_by)) asked_by = {{1, 1, *second}, 0};
    }
    found_.error("kustomize-no-file", asked_by,
                 own.empty()
                     ? fmt::format("the directory {} has no kustomization.yaml", folder.path())
                     : fmt::format("{} has several kustomizations: {}", folder.path(), fmt::join(own, ", ")));
    return {};
  }

  void add_resource(Folder& folder, const Text& entry, Objects& objects) {
    if (is_remote(*entry)) return refuse_remote(entry);
    if (texts_.tree.list(folder.join(*entry))) return enter(folder, entry, false, objects);
    const auto file = folder.load(entry);
    if (!file) return;
    auto documents = manifest::parse_yaml(texts_.sources.text(*file), *file, found_);
    for (Node& node : only_objects(std::move(documents), Need::kResource, found_)) {
      Object object;
      object.root = std::move(node);
      objects.push_back(std::move(object));
    }
  }

  void refuse_remote(const Text& entry) {
    found_.error("kustomize-unsupported", range_of(entry), "marty does not fetch remote resources")
        .notes.push_back({{}, "copy what you need here, and name the copy"});
  }

  /// A base, or a component.
  void enter(Folder& folder, const Text& entry, bool component, Objects& objects) {
    if (is_remote(*entry)) return refuse_remote(entry);
    const SourceRange where = range_of(entry);
    const auto before = found_.all().size();
    if (entry->starts_with('/')) {
      found_.error("kustomize-outside-root", where, "a directory is named by a relative path");
      return;
    }
    Folder inner(texts_, folder.join(*entry));
    const auto holds = [&](const std::string& open) { return is_inside(open, inner.real()); };
    if (std::any_of(open_.begin(), open_.end(), holds)) {
      found_.error("kustomize-cycle", where,
                   fmt::format("{} is being built already, or holds what is", inner.path()));
      return;
    }
    if (component) {
      accumulate(std::move(inner), true, where, objects);
    } else {
      Objects more;
      accumulate(std::move(inner), false, where, more);
      std::move(more.begin(), more.end(), std::back_inserter(objects));
    }
    for (auto i = before; i < found_.all().size(); ++i) {
      Diagnostic& finding = found_.all()[i];
      if (finding.where.begin.known() && finding.where.begin == where.begin) continue;
      finding.notes.push_back(
          {where, component ? "asked for as a component here" : "asked for as a base here"});
    }
  }

  Texts texts_;
  Diagnostics& found_;
  std::vector<std::string> open_;  // real paths of the directories being built, outermost first
};

}  // namespace

std::string file_in(const std::vector<std::string>& names) {
  for (const char* name : kFileNames) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return name;
  }
  return {};
}

Built build(manifest::FileTree& tree, const std::string& directory, SourceMap& sources, Diagnostics& found) {
  return Builder(tree, sources, found).run(directory);
}

}  // namespace marty::kustomize
