#include <algorithm>
#include <optional>

#include "schema/walk.hpp"

namespace marty::schema {

using manifest::Node;

namespace {

/// The one field that a branch of the form {required: [x]} asks for; empty when it says anything else.
std::string_view only_field(const Tables& tables, std::uint32_t id) {
  const Schema& branch = tables.schemas[id];
  const bool alone = branch.required.count == 1 && branch.items == 0 && branch.values == 0;
  return alone ? tables.text(tables.texts[branch.required.first]) : std::string_view{};
}

/// "nothing of it": the branch {not: {anyOf: …}} with which CRDs let a choice stay open.
bool is_none_of_them(const Tables& tables, std::uint32_t id) {
  const Schema& branch = tables.schemas[id];
  return branch.required.count == 0 && tables.extra_of(branch).none_of != 0;
}

}  // namespace

/// The mapping as the server sees it once it has filled in what the kind says is meant by silence; nothing
/// when that is no different.
std::optional<Node> Walk::with_defaults(const Node& node, const Schema& schema) const {
  std::optional<Node> out;
  if (native() || !node.is_mapping()) return out;
  for (const Property& property : tables_->properties_of(schema)) {
    const Text by_default = tables_->extra_of(tables_->schemas[property.schema]).by_default;
    if (by_default.size == 0) continue;
    const auto name = tables_->text(property.name);
    if (node.find(name, property.mark) != nullptr) continue;
    const Node* meant = defaults_.find(tables_->text(by_default));
    if (meant == nullptr) continue;
    if (!out) out = node;
    out->add(name, *meant);
  }
  return out;
}

void Walk::choices(const Node& node, const Schema& schema, const Extra& extra, const Place& place) {
  const bool between_forms = extra.one_of.count > 0 || extra.any_of.count > 0 || extra.none_of != 0;
  const auto whole = between_forms ? with_defaults(node, schema) : std::nullopt;
  choices_of(whole ? *whole : node, extra, place);
}

void Walk::choices_of(const Node& node, const Extra& extra, const Place& place) {
  for (const std::uint32_t id : tables_->ids_of(extra.all_of))
    value(node, tables_->schemas[id], place, Ask::kBranch);
  const auto any = tables_->ids_of(extra.any_of);
  if (!any.empty() &&
      std::none_of(any.begin(), any.end(), [&](auto id) { return accepts(node, id, place); }) &&
      !only_counted()) {
    std::vector<std::string_view> fields;
    for (const std::uint32_t id : any) fields.push_back(only_field(*tables_, id));
    const bool named = std::none_of(fields.begin(), fields.end(), [](auto field) { return field.empty(); });
    error("missing-field", node,
          named ? fmt::format("at least one of these is needed here: {}", fmt::join(fields, ", "))
                : std::string("this fits none of the forms that are allowed here"),
          place);
  }
  if (extra.one_of.count > 0) one_of(node, extra, place);
  if (extra.none_of != 0 && accepts(node, extra.none_of, place)) {
    const auto field = only_field(*tables_, extra.none_of);
    error("conflicting-fields", node,
          field.empty() ? std::string("this has a form that is not allowed here")
                        : fmt::format("'{}' is not allowed here", field),
          place);
  }
}

void Walk::one_of(const Node& node, const Extra& extra, const Place& place) {
  std::size_t accepted = 0;
  for (const std::uint32_t id : tables_->ids_of(extra.one_of)) accepted += accepts(node, id, place);
  if (accepted != 1 && !only_counted()) wrong_choice(node, extra, accepted, place);
}

void Walk::wrong_choice(const Node& node, const Extra& extra, std::size_t accepted, const Place& place) {
  std::vector<std::string_view> fields, chosen;
  bool named = true;
  for (const std::uint32_t id : tables_->ids_of(extra.one_of)) {
    if (is_none_of_them(*tables_, id)) continue;
    const auto field = only_field(*tables_, id);
    if (field.empty()) named = false;
    fields.push_back(field);
    if (!field.empty() && accepts(node, id, place)) chosen.push_back(field);
  }
  if (!named || (accepted > 1 && chosen.size() < 2)) {
    error("conflicting-fields", node,
          accepted == 0 ? "this fits none of the forms that are allowed here"
                        : "this fits more than one of the forms that are allowed here",
          place);
  } else if (accepted == 0) {
    error("missing-field", node, fmt::format("one of these is needed here: {}", fmt::join(fields, ", ")),
          place);
  } else {
    const Node* second = nullptr;
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (node.entry(i).key.text == chosen[1]) second = &node.entry(i).key;
    }
    error("conflicting-fields", second ? *second : node,
          fmt::format("'{}' exclude each other", fmt::join(chosen, "' and '")), place);
  }
}

}  // namespace marty::schema
