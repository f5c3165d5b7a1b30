#include <algorithm>
#include <set>
#include <unordered_map>

#include "manifest/field_values.hpp"
#include "manifest/write.hpp"
#include "schema/formats.hpp"
#include "schema/walk.hpp"

namespace marty::schema {

using manifest::Node;

namespace {

/// Longer lists of fields help nobody.
constexpr std::size_t kNamedFieldsMax = 20;

bool of_every_object(std::string_view key) {
  return key == "apiVersion" || key == "kind" || key == "metadata";
}

}  // namespace

void Walk::mapping(const Node& node, const Schema& schema, const Place& place, Ask ask) {
  const bool closed = schema.type == Type::kObject && ask != Ask::kBranch && !(schema.flags & kKeepsUnknown);
  if (schema.properties.count > 0 || schema.values != 0 || closed) fields(node, schema, place, ask);
  if (!place.up && ask == Ask::kAll) {
    const Node* meta = node.find("metadata");
    if (meta && !native()) metadata(*meta, place.field("metadata"));
    name(meta ? *meta : node, place.field("metadata"));
  }
  if (ask == Ask::kShape) return;
  if (schema.required.count > 0) missing_fields(node, schema, place);
  if (schema.extra != 0) entries(node, tables_->extra_of(schema), place);
}

void Walk::entries(const Node& node, const Extra& extra, const Place& place) {
  count(node, "entry", extra.min_properties, extra.max_properties, place);
  const Format& format = formats()[extra.key_format];
  for (std::size_t i = 0; format.accepts && i < node.size(); ++i) {
    const Node& key = node.entry(i).key;
    if (!format.accepts(key.text))
      error("invalid-value", key, fmt::format("\"{}\" is not {}", key.text, format.description),
            place.field(key.text));
  }
}

void Walk::fields(const Node& node, const Schema& schema, const Place& place, Ask ask) {
  const bool object = !native() && (!place.up || (schema.flags & kEmbedded));
  const Node* const end = node.children.data() + 2 * node.size();
  for (const Node* key = node.children.data(); key != end; key += 2) {
    const Property* property = tables_->find(schema, *key);
    const Node& inner = key[1];
    const std::uint32_t id = property ? property->schema : schema.values;
    const Schema& inside = tables_->schemas[id];
    if (object && of_every_object(key->text)) {
      if (inside.flags & kHasRules) ruled_.complete = false;
    } else if (id == 0) {
      const bool free = property || schema.type != Type::kObject || (schema.flags & kKeepsUnknown);
      if (!free && ask != Ask::kBranch) unknown_field(*key, schema, place.field(key->text));
    } else {
      if (property && (inside.flags & kExperimental)) experimental_field(*key, place.field(key->text));
      if (inner.is_null()) continue;
      const bool status = property && !place.up && key->text == "status" && (kind_->flags & kStatus);
      value(inner, inside, place.field(key->text), status ? Ask::kShape : ask);
    }
  }
}

void Walk::experimental_field(const Node& key, const Place& here) {
  report(Severity::kWarning, "experimental-field", key.range(),
         fmt::format("'{}' exists only in the experimental channel of Gateway API", key.text), here)
      .notes.push_back({{}, "a cluster with the standard CRDs refuses it"});
}

void Walk::unknown_field(const Node& key, const Schema& schema, const Place& here) {
  std::vector<std::string_view> names;
  for (const Property& property : tables_->properties_of(schema)) names.push_back(words(property.name));
  std::sort(names.begin(), names.end());
  const auto near = closest(key.text, names);
  const auto homes = homes_of(*tables_, kind_->schema, key.text);
  const std::string up = here.up->path();
  const std::string owner = up.empty() ? *resource_.kind : up;
  if (!near && !homes.empty()) {
    error("misplaced-field", key,
          fmt::format("'{}' does not belong in {}; it belongs in {}", key.text, owner,
                      fmt::join(homes, " or ")),
          here);
    return;
  }
  Diagnostic& finding =
      error("unknown-field", key, fmt::format("{} has no field '{}'", owner, key.text), here);
  if (near) {
    finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *near)});
    finding.fix = Fix{key.range(), *near};
  } else if (!names.empty() && names.size() <= kNamedFieldsMax) {
    finding.notes.push_back({{}, fmt::format("{} has: {}", owner, fmt::join(names, ", "))});
  }
}

void Walk::missing_fields(const Node& node, const Schema& schema, const Place& place) {
  for (const Text wanted : tables_->texts_of(schema.required)) {
    const auto name = words(wanted);
    const Node* value = node.find(name);
    const bool says_something =
        value && (value->is_scalar() ? !value->text.empty() : !value->is_null() && value->size() > 0);
    if (says_something || (!place.up && of_every_object(name))) continue;
    const Property* property = tables_->find(schema, name);
    const std::uint32_t id = property ? property->schema : 0;
    const Extra& extra = tables_->extra_of(tables_->schemas[id]);
    const bool empty = value && native() && extra.min_length == 0 &&
                       ((value->is_scalar() && value->is_text && value->text.empty()) ||
                        (value->is_sequence() && value->size() == 0));
    if (present(value, id) && !empty) continue;
    if (!native() && extra.by_default.size > 0) continue;
    if (only_counted()) continue;
    // A misspelled field was reported already, and is not missing as well.
    const bool misspelled = std::any_of(node.children.begin(), node.children.end(), [&](const Node& key) {
      return &key >= node.children.data() && (&key - node.children.data()) % 2 == 0 &&
             !tables_->find(schema, key.text) && closest(key.text, {name}).has_value();
    });
    if (misspelled) continue;
    const std::string path = place.path();
    error("missing-field", value && empty ? *value : node,
          fmt::format("{} needs the field '{}'{}", path.empty() ? *resource_.kind : path, name,
                      empty ? ", and this is empty" : ""),
          place);
  }
}

void Walk::metadata(const Node& node, const Place& place) {
  const Tables* own = std::exchange(tables_, &catalog_.object_meta());
  const bool was_native = std::exchange(native_, true);
  const auto ruled = ruled_.parts.size();  // rules know the tables of the kind only
  if (!node.is_null()) value(node, tables_->schemas[tables_->object_meta], place, Ask::kAll);
  ruled_.parts.resize(ruled);
  tables_ = own;
  native_ = was_native;
}

void Walk::name(const Node& meta, const Place& place) {
  const auto text_of = [](const Node* node) {
    return node && node->is_scalar() && node->type() == manifest::ScalarType::kString ? node : nullptr;
  };
  const Node *written = meta.find("name"), *name = text_of(written);
  const Node* prefix = text_of(meta.find("generateName"));
  const bool other_type = written && !written->is_null() && !name;  // reported with its type
  const bool named = (name && !name->text.empty()) || (prefix && !prefix->text.empty());
  if (!named && !other_type) {
    error("missing-field", name ? *name : meta, fmt::format("this {} needs metadata.name", *resource_.kind),
          place);
  }
  if (name) well_named(*name, name->text, place.field("name"));
  if (!prefix) return;
  std::string text = prefix->text;
  if (text.size() > 1 && text.ends_with('-')) text.back() = 'a';  // something follows it
  well_named(*prefix, text, place.field("generateName"));
}

void Walk::well_named(const Node& node, std::string_view text, const Place& place) {
  static const std::uint8_t usual = format_named("dns-subdomain");
  const Format& format = formats()[kind_->name_format != 0 ? kind_->name_format : usual];
  if (text.empty() || format.accepts(text)) return;
  error("invalid-value", node, fmt::format("\"{}\" is not {}", node.text, format.description), place);
}

void Walk::duplicates(const Node& node, const Schema& schema, const Extra& extra, const Place& place) {
  const auto keys = tables_->texts_of(extra.list_keys);
  if (keys.empty() && !(schema.flags & kUniqueItems)) return;
  const Schema& item = tables_->schemas[schema.items];
  std::unordered_map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const Node& one = node.children[i];
    std::string identity;
    for (const Text key : keys) {
      const Node* part = one.find(words(key));
      const Property* property = tables_->find(item, words(key));
      if (part && part->is_scalar()) {
        identity += part->text;
      } else if (property) {
        identity += words(tables_->extra_of(tables_->schemas[property->schema]).by_default);
        if (identity.ends_with('\n')) identity.pop_back();
      }
      identity += '\n';
    }
    if (keys.empty()) identity = one.is_scalar() ? one.text : manifest::write_yaml(one);
    const auto [first, fresh] = seen.try_emplace(identity, i);
    if (fresh) continue;
    Diagnostic& finding =
        error("duplicate-item", one, "this is in the list already; its items must differ", place.item(i));
    finding.notes.push_back({node.children[first->second].range(), "the first one"});
    if (!keys.empty()) {
      std::vector<std::string_view> names;
      for (const Text key : keys) names.push_back(words(key));
      finding.message = fmt::format("an item with this {} is in the list already", fmt::join(names, " and "));
    }
  }
}

std::vector<std::string> homes_of(const Tables& tables, std::uint32_t root, std::string_view name) {
  constexpr std::size_t kHomesMax = 3;
  std::vector<std::string> homes;
  std::set<std::uint32_t> seen{root};
  std::vector<std::pair<std::uint32_t, std::string>> level{{root, ""}};
  while (!level.empty() && homes.size() < kHomesMax) {
    std::vector<std::pair<std::uint32_t, std::string>> next;
    for (const auto& [id, path] : level) {
      const Schema& schema = tables.schemas[id];
      if (homes.size() < kHomesMax && tables.find(schema, name))
        homes.push_back(path.empty() ? "the top level" : path);
      const auto step = [&](std::uint32_t inner, std::string_view by) {
        if (inner == 0 || !seen.insert(inner).second) return;
        const bool in_list = tables.schemas[inner].type == Type::kArray;
        const std::string dot = path.empty() || by == "[]" || by.empty() ? "" : ".";
        next.emplace_back(inner, path + dot + std::string(by) + (in_list ? "[]" : ""));
      };
      for (const Property& property : tables.properties_of(schema)) {
        const auto by = tables.text(property.name);
        if (by != "status" && by != "managedFields") step(property.schema, by);
      }
      step(schema.items, "");
      step(schema.values, "*");
    }
    level = std::move(next);
  }
  return homes;
}

std::string wanted(const Tables& tables, const Schema& schema) {
  switch (schema.type) {
    case Type::kString: {
      const auto enums = tables.texts_of(tables.extra_of(schema).enums);
      if (enums.empty()) return "a text";
      std::vector<std::string_view> names;
      for (const Text one : enums) names.push_back(tables.text(one));
      return fmt::format("one of {}", fmt::join(names, ", "));
    }
    case Type::kInteger:
      return "a whole number such as 5";
    case Type::kNumber:
      return "a number such as 10 or 0.5";
    case Type::kBoolean:
      return "true or false";
    case Type::kIntOrString:
      return "a number or a name, such as 8080 or http";
    case Type::kArray:
      return "a list ('- ' before each item)";
    case Type::kObject:
      return schema.values != 0 ? "a mapping (key: value)" : "a mapping with fields";
    default:
      return "anything";
  }
}

}  // namespace marty::schema
