#include <fmt/format.h>

#include <algorithm>

#include "kustomize/json_patch.hpp"
#include "kustomize/selection.hpp"
#include "kustomize/strategic_merge.hpp"
#include "kustomize/transformers.hpp"
#include "manifest/yaml.hpp"

namespace marty::kustomize {

namespace {

/// Objects that a patch removed.
void drop_empty(Objects& objects) {
  std::erase_if(objects, [](const Object& object) { return object.root.children.empty(); });
}

/// What a patch says: objects to merge, or operations.
struct PatchText {
  std::vector<Node> merges;
  std::vector<Node> operations;  ///< none or one list
  SourceRange where;             ///< of the entry in the kustomization
};

class Patcher {
 public:
  Patcher(Folder& folder, Objects& objects, Diagnostics& found)
      : folder_(folder), objects_(objects), found_(found) {}

  void patch(const PatchEntry& entry) {
    auto text = read(entry);
    if (!text) return;
    if (!text->operations.empty()) return operate(entry, *text, true);
    if (!entry.target) {
      for (const Node& one : text->merges) merge_by_name(one, entry.options);
    } else if (text->merges.size() > 1) {
      fail(text->where, "a patch with a 'target' holds one object; write an entry for each");
    } else {
      merge_into_target(entry, text->merges[0]);
    }
    drop_empty(objects_);
    if (entry.options.allow_name_change || entry.options.allow_kind_change) drop_duplicates(objects_, found_);
  }

  /// An entry of patchesStrategicMerge: a text or the name of a file.
  void merge(const Text& entry) {
    PatchEntry as_patch;
    const bool is_text = entry->find('\n') != entry->npos || entry->find(": ") != entry->npos;
    (is_text ? as_patch.patch : as_patch.path) = entry;
    patch(as_patch);
  }

  /// An entry of patchesJson6902.
  void operate(const PatchEntry& entry) {
    if (!entry.target || entry.target->name->empty())
      return fail({entry.origin, 0}, "a JSON patch needs a 'target' with a 'name'");
    const auto text = read(entry);
    if (text && text->operations.empty()) return fail(text->where, "this is no JSON patch: it is no list");
    if (text) operate(entry, *text, false);
  }

 private:
  void fail(SourceRange where, std::string message) {
    found_.error("kustomize-patch", where, std::move(message));
  }

  std::optional<PatchText> read(const PatchEntry& entry) {
    const auto before = found_.count(Severity::kError);
    PatchText out;
    std::vector<Node> documents;
    if (!entry.path->empty()) {
      out.where = range_of(entry.path);
      const auto file = folder_.load(entry.path);
      if (!file) return {};
      documents = manifest::parse_yaml(folder_.texts().sources.text(*file), *file, found_);
    } else {
      out.where = {entry.patch.origin, 1};
      documents = parse_inline(entry.patch, folder_.texts().sources, found_);
    }
    if (found_.count(Severity::kError) > before) return {};
    if (documents.size() == 1 && is_json_patch(documents[0])) {
      out.operations = std::move(documents);
    } else {
      out.merges = only_objects(std::move(documents), Need::kPatch, found_);
      if (found_.count(Severity::kError) > before) return {};
      if (out.merges.empty()) {
        fail(out.where, "there is no patch here");
        return {};
      }
    }
    return out;
  }

  void operate(const PatchEntry& entry, const PatchText& text, bool remembers) {
    if (!entry.target)
      return fail(text.where, "a JSON patch needs a 'target' that says which objects it changes");
    const auto target = Target::compile(*entry.target, found_);
    if (!target) return;
    bool any = false;
    for (Object& object : objects_) {
      if (!target->selects(object)) continue;
      any = true;
      if (remembers) object.remember();
      const bool fine = apply_json_patch(object.root, text.operations[0], found_);
      if (object.name().empty() || object.kind().empty() || object.api_version().empty()) {
        if (fine) fail(text.where, "this patch takes away what tells the object from others");
        object.root.children.clear();
      }
      if (!fine) break;
    }
    drop_empty(objects_);
    if (!any) warn_of_no_target(*entry.target);
  }

  /// Kustomize says nothing then, and it is hardly ever meant.
  void warn_of_no_target(const Selector& target) {
    found_.warning("kustomize-no-target", {target.origin, 0}, "no object is what this target asks for");
  }

  void merge_into_target(const PatchEntry& entry, const Node& patch) {
    const auto target = Target::compile(*entry.target, found_);
    if (!target) return;
    bool any = false;
    for (Object& object : objects_) {
      if (!target->selects(object)) continue;
      any = true;
      Node copy = patch;
      // The target says what is changed, so the patch's own version and, without leave, kind do not count.
      set_entry(copy, "apiVersion", *object.root.find("apiVersion"));
      keep_texts(copy, "labels");
      keep_texts(copy, "annotations");
      merge_one(object, std::move(copy), entry.options);
    }
    if (!any) warn_of_no_target(*entry.target);
  }

  /// Kustomize rewrites labels and annotations of such a patch as texts, null included; without any they are
  /// left out, so that `labels: null` removes nothing.
  static void keep_texts(Node& patch, std::string_view key) {
    Node* metadata = patch.find("metadata");
    Node* pairs = metadata ? metadata->find(key) : nullptr;
    if (!pairs) return;
    if (!pairs->is_mapping() || pairs->children.empty()) return remove_entry(*metadata, key);
    for (std::size_t i = 0; i < pairs->size(); ++i) {
      Node& value = pairs->children[2 * i + 1];
      value = Node::string(value.text, value.origin);
    }
  }

  void merge_by_name(const Node& patch, const PatchEntry::Options& options) {
    Object as_object;
    as_object.root = patch;
    const Id wanted = as_object.id();
    std::vector<Object*> matching;
    for (Object& object : objects_) {
      if (object.root.children.empty()) continue;
      const auto ids = object.ids();
      if (std::find(ids.begin(), ids.end(), wanted) != ids.end()) matching.push_back(&object);
    }
    if (matching.size() == 1) return merge_one(*matching[0], patch, options);
    if (matching.size() > 1) return say_ambiguous(patch, wanted, matching);
    say_missing(patch, wanted);
  }

  void say_ambiguous(const Node& patch, const Id& wanted, const std::vector<Object*>& matching) {
    auto& finding =
        found_.error("kustomize-no-target", patch.range(),
                     fmt::format("{} objects are or were {}", matching.size(), wanted.describe()));
    for (const Object* object : matching)
      finding.notes.push_back({object->root.range(), object->id().describe()});
  }

  void say_missing(const Node& patch, const Id& wanted) {
    const Node& place = *patch.find("metadata")->find("name");
    auto& finding = found_.error("kustomize-no-target", place.range(),
                                 fmt::format("there is no {} to patch", wanted.describe()));
    std::vector<std::string_view> names;
    for (const Object& object : objects_) {
      if (object.kind() != wanted.kind) continue;
      if (object.name() == wanted.name) {
        finding.notes.push_back({object.root.range(), fmt::format("there is {}", object.id().describe())});
        return;
      }
      names.push_back(object.name());
    }
    if (const auto near = closest(wanted.name, names))
      finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *near)});
  }

  void merge_one(Object& object, Node patch, const PatchEntry::Options& options) {
    if (options.allow_name_change || options.allow_kind_change) object.remember();
    const Node kind = *object.root.find("kind"), version = *object.root.find("apiVersion");
    const Node* metadata = object.root.find("metadata");
    const Node name = *metadata->find("name");
    const Node* ns = metadata->find("namespace");
    const std::optional<Node> in = ns ? std::optional<Node>(*ns) : std::nullopt;
    if (!merge_object(object.root, std::move(patch), found_)) return object.root.children.clear();
    if (!options.allow_kind_change || object.kind().empty()) set_entry(object.root, "kind", kind);
    Node& kept = mapping_at(object.root, "metadata");
    if (!options.allow_name_change || object.name().empty()) set_entry(kept, "name", name);
    remove_entry(kept, "namespace");
    if (in) set_entry(kept, "namespace", *in);
    if (object.api_version().empty()) set_entry(object.root, "apiVersion", version);
  }

  Folder& folder_;
  Objects& objects_;
  Diagnostics& found_;
};

}  // namespace

void apply_merge_patches(const Kustomization& kustomization, Folder& folder, Objects& objects,
                         Diagnostics& found) {
  Patcher patcher(folder, objects, found);
  for (const Text& entry : kustomization.merge_patches) patcher.merge(entry);
}

void apply_patches(const Kustomization& kustomization, Folder& folder, Objects& objects, Diagnostics& found) {
  Patcher patcher(folder, objects, found);
  for (const PatchEntry& entry : kustomization.patches) patcher.patch(entry);
}

void apply_json_patches(const Kustomization& kustomization, Folder& folder, Objects& objects,
                        Diagnostics& found) {
  Patcher patcher(folder, objects, found);
  for (const PatchEntry& entry : kustomization.json_patches) patcher.operate(entry);
}

}  // namespace marty::kustomize
