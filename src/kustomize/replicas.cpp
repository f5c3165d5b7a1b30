#include <fmt/format.h>

#include <algorithm>

#include "kustomize/field_spec.hpp"
#include "kustomize/transformers.hpp"

namespace marty::kustomize {

namespace {

bool is_called(const Object& object, const std::string& name, std::string_view kind) {
  if (object.name() == name && object.kind() == kind) return true;
  return std::any_of(object.former.begin(), object.former.end(),
                     [&](const auto& was) { return was.name == name && was.kind == kind; });
}

}  // namespace

void set_replicas(const Kustomization& kustomization, Objects& objects, Diagnostics& found) {
  for (const ReplicaEntry& entry : kustomization.replicas) {
    bool any = false;
    for (const FieldSpec& spec : replica_fields()) {
      for (Object& object : objects) {
        if (!is_called(object, *entry.name, spec.kind)) continue;
        any = true;
        if (!spec.selects(object)) continue;
        const Setter set = [&](Node& node) {
          if (!node.is_scalar() && !node.is_null()) return false;
          const bool quoted = !node.text.empty() && node.is_text;
          node = Node::plain(std::to_string(*entry.count), entry.count.origin);
          node.is_text = quoted;
          return true;
        };
        if (!visit_field(object.root, split_path(spec.path, '/'), Create::kText, entry.count.origin, set))
          report_no_place(object, spec.path, {entry.origin, 0}, found);
      }
    }
    if (any) continue;
    found.error("kustomize-no-target",
                entry.name.written() ? range_of(entry.name) : SourceRange{entry.origin, 0},
                fmt::format("no Deployment, StatefulSet, ReplicaSet or ReplicationController is named '{}'",
                            *entry.name));
  }
}

}  // namespace marty::kustomize
