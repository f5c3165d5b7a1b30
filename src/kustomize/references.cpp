#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "kustomize/reference_fields.hpp"
#include "kustomize/transformers.hpp"

namespace marty::kustomize {

namespace {

std::string_view text_at(const Node* node, std::string_view key) {
  const Node* value = node ? node->find(key) : nullptr;
  return value && value->is_scalar() ? std::string_view(value->text) : std::string_view{};
}

/// The same prefixes (or suffixes) counted from the last; no list is like an empty one unless both are.
bool same_ending(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const auto& shorter = a.size() < b.size() ? a : b;
  const auto& longer = a.size() < b.size() ? b : a;
  if (shorter.empty()) return longer.empty();
  return std::equal(shorter.rbegin(), shorter.rend(), longer.rbegin());
}

bool same_context(const Object& a, const Object& b, bool empty_fits) {
  const auto fits = [&](const auto& x, const auto& y) {
    return (empty_fits && (x.empty() || y.empty())) || same_ending(x, y);
  };
  return fits(a.prefixes, b.prefixes) && fits(a.suffixes, b.suffixes);
}

/// Finds, for a name somebody wrote, the object that had it.
class References {
 public:
  References(Objects& objects, Diagnostics& found) : objects_(objects), found_(found) {
    for (Object& object : objects) {
      std::set<std::string_view> names;
      for (const auto& was : object.former) {
        if (names.insert(was.name).second) by_former_name_[was.name].push_back(&object);
      }
      if (!object.former.empty())
        first_namespaces_.insert(object.former[0].ns);
      else
        first_namespaces_.insert(std::string(object.effective_ns()));
    }
  }

  void rewrite() {
    if (by_former_name_.empty()) return;
    for (Object& object : objects_) {
      const Id first = object.first_id();
      const auto& fields = reference_fields(first.kind);
      if (fields.empty()) continue;
      enter(object);
      for (const ReferenceField* field : fields) {
        const KindSelector from{field->from.group, field->from.version, {}};
        if (!from.selects(first.group, first.version, first.kind)) continue;
        field_ = field;
        if (!visit_field(object.root, field->path, Create::kNo, {},
                         [this](Node& node) { return rewrite(node); }))
          report_no_place(object, field->from.path, object.root.range(), found_);
      }
    }
  }

 private:
  using Candidates = std::vector<Object*>;

  void enter(Object& referrer) {
    referrer_ = &referrer;
    subject_namespaces_.clear();
    if (referrer.kind() != "RoleBinding") return;
    const Node* subjects = referrer.root.find("subjects");
    for (std::size_t i = 0; subjects && subjects->is_sequence() && i < subjects->children.size(); ++i) {
      const Node& subject = subjects->children[i];
      if (text_at(&subject, "kind") == "ServiceAccount")
        subject_namespaces_.insert(std::string(text_at(&subject, "namespace")));
    }
  }

  bool rewrite(Node& node) {
    if (node.is_sequence()) {
      for (Node& item : node.children) rewrite(item);
    } else if (node.is_mapping()) {
      rewrite_mapping(node);
    } else if (node.is_scalar()) {
      const Object* target = choose(node, node.text, candidates(node.text), false);
      if (target && target->name() != node.text) node = renamed(node, *target);
    }
    return true;
  }

  static Node renamed(const Node& node, const Object& target) {
    Node out = Node::string(std::string(target.name()), node.origin);
    out.length = node.length;
    return out;
  }

  void rewrite_mapping(Node& node) {
    Node* name = node.find("name");
    if (!name || !name->is_scalar()) {
      found_.error("kustomize-reference", node.range(), "a reference here needs a 'name'");
      return;
    }
    Candidates all = candidates(name->text);
    if (const Node* ns = node.find("namespace"); ns && !all.empty()) keep_namespace(all, ns->text);
    const Object* target = choose(node, name->text, std::move(all), true);
    if (!target || (target->name() == name->text && target->ns().empty())) return;
    *name = renamed(*name, *target);
    if (target->ns().empty()) return;
    const Node& theirs = *target->root.find("metadata")->find("namespace");
    set_entry(node, "namespace", Node::string(theirs.text, theirs.origin));
  }

  /// Objects that were in this namespace at first, if any were; else those in it now.
  void keep_namespace(Candidates& all, const std::string& ns) {
    const bool by_first =
        first_namespaces_.count(ns) > 0 &&
        std::any_of(objects_.begin(), objects_.end(), [&](const Object& object) {
          return (object.former.empty() ? object.effective_ns() : object.former[0].ns) == ns &&
                 in_reach(object);
        });
    std::erase_if(all, [&](const Object* object) {
      const bool first = by_first && !object->former.empty();
      return (first ? std::string_view(object->former[0].ns) : object->effective_ns()) != ns;
    });
  }

  /// An object in one namespace refers to others in it, to those in none, and by subjects also elsewhere.
  bool in_reach(const Object& object) const {
    return referrer_->cluster_scoped() || object.cluster_scoped() ||
           object.effective_ns() == referrer_->effective_ns() ||
           subject_namespaces_.count(std::string(object.ns())) > 0;
  }

  Candidates candidates(const std::string& name) const {
    const auto known = by_former_name_.find(name);
    if (known == by_former_name_.end()) return {};
    const bool to_role = field_->path.back() == "name" && field_->path.size() > 1 &&
                         field_->path[field_->path.size() - 2] == "roleRef";
    Candidates out;
    for (Object* object : known->second) {
      if (!in_reach(*object) || !was(*object, field_->to)) continue;
      if (to_role && !is_role(*object)) continue;
      if (referrer_->cluster_scoped() || object->cluster_scoped() || object->kind() == "ServiceAccount" ||
          object->effective_ns() == referrer_->effective_ns())
        out.push_back(object);
    }
    return out;
  }

  static bool was(const Object& object, KindSelector wanted) {
    return std::any_of(object.former.begin(), object.former.end(), [&](const auto& former) {
      return wanted.selects(object.group(), object.version(), former.kind);
    });
  }

  /// A roleRef says by itself which kind it means.
  bool is_role(const Object& object) const {
    const Node* role = referrer_->root.find("roleRef");
    if (!role || !role->find("apiGroup") || !role->find("kind")) return true;
    return was(object, {text_at(role, "apiGroup"), {}, text_at(role, "kind")});
  }

  const Object* choose(const Node& at, const std::string& name, Candidates all, bool with_namespace) {
    if (all.size() < 2) return all.empty() ? nullptr : all[0];
    const auto keep = [&](bool empty_fits) {
      std::erase_if(all,
                    [&](const Object* object) { return !same_context(*object, *referrer_, empty_fits); });
    };
    keep(true);
    if (all.size() > 1) keep(false);
    if (all.empty()) return nullptr;
    const bool alike = std::all_of(all.begin(), all.end(), [&](const Object* object) {
      return object->name() == all[0]->name() && (!with_namespace || object->ns() == all[0]->ns());
    });
    if (alike) return all[0];
    auto& finding = found_.error("kustomize-reference", at.range(),
                                 fmt::format("'{}' may mean {} objects", name, all.size()));
    for (const Object* object : all) finding.notes.push_back({object->root.range(), object->id().describe()});
    return nullptr;
  }

  Objects& objects_;
  Diagnostics& found_;
  std::unordered_map<std::string, Candidates> by_former_name_;
  std::set<std::string> first_namespaces_;
  Object* referrer_ = nullptr;
  std::set<std::string> subject_namespaces_;
  const ReferenceField* field_ = nullptr;
};

}  // namespace

void rewrite_references(Objects& objects, Diagnostics& found) { References(objects, found).rewrite(); }

}  // namespace marty::kustomize
