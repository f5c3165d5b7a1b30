#include "kustomize/field_spec.hpp"
#include "kustomize/transformers.hpp"

namespace marty::kustomize {

namespace {

/// Of the subjects of a role binding only the account every namespace has moves along; the namespaces of
/// others are set when the references to them are rewritten.
void move_subjects(Object& object, const Node& ns) {
  if (object.kind() != "RoleBinding" && object.kind() != "ClusterRoleBinding") return;
  Node* subjects = object.root.find("subjects");
  if (!subjects || !subjects->is_sequence()) return;
  for (Node& subject : subjects->children) {
    const Node* name = subject.find("name");
    if (name && name->is_scalar() && name->text == "default") set_entry(subject, "namespace", ns);
  }
}

}  // namespace

void set_namespace(const Kustomization& kustomization, Objects& objects, Diagnostics& found) {
  if (kustomization.ns->empty()) return;
  const Node ns = Node::string(*kustomization.ns, kustomization.ns.origin);
  for (Object& object : objects) {
    object.remember();
    if (!object.cluster_scoped()) object.set_metadata("namespace", ns.text, ns.origin);
    move_subjects(object, ns);
    for (const FieldSpec& spec : namespace_fields()) {
      if (!spec.selects(object) || (spec.kind == "Namespace" && !object.group().empty())) continue;
      const Create create = spec.create ? Create::kText : Create::kNo;
      const bool fits =
          visit_field(object.root, split_path(spec.path, '/'), create, ns.origin, [&](Node& node) {
            if (!node.is_scalar() && !node.is_null()) return false;
            node = ns;
            return true;
          });
      if (!fits) report_no_place(object, spec.path, range_of(kustomization.ns), found);
    }
  }
  drop_duplicates(objects, found);
}

}  // namespace marty::kustomize
