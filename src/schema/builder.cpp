#include "schema/builder.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <tuple>

#include "manifest/write.hpp"
#include "schema/formats.hpp"

namespace marty::schema {

namespace {

using manifest::Node;

bool is_true(const Node* node) { return node && node->is_scalar() && node->text == "true"; }

std::string_view text_of(const Node* node) {
  return node && node->is_scalar() ? std::string_view(node->text) : std::string_view{};
}

double number(const Node& node) {
  double value = 0;
  std::from_chars(node.text.data(), node.text.data() + node.text.size(), value);
  return value;
}
void read(const Node* node, double& into) {
  if (node && node->is_scalar()) into = number(*node);
}
void read(const Node* node, std::int64_t& into) {
  if (node && node->is_scalar()) into = static_cast<std::int64_t>(number(*node));
}

Type type_of(const Node& schema) {
  const auto format = text_of(schema.find("format"));
  if (is_true(schema.find("x-kubernetes-int-or-string")) || format == "int-or-string")
    return Type::kIntOrString;
  constexpr std::pair<std::string_view, Type> kTypes[] = {
      {"object", Type::kObject},   {"array", Type::kArray},   {"string", Type::kString},
      {"integer", Type::kInteger}, {"number", Type::kNumber}, {"boolean", Type::kBoolean}};
  for (const auto& [name, type] : kTypes) {
    if (text_of(schema.find("type")) == name) return type;
  }
  return Type::kAny;
}

std::uint32_t size_of(const auto& list) { return static_cast<std::uint32_t>(list.size()); }

}  // namespace

Builder::Builder() : schemas_(1), extras_(1) {}

Text Builder::text(std::string_view what) {
  if (what.empty()) return {};
  const auto [place, fresh] = interned_.try_emplace(std::string(what));
  if (fresh) {
    place->second = {size_of(pool_), size_of(what)};
    pool_ += what;
  }
  return place->second;
}

Range Builder::texts(const Node* list) {
  Range range{size_of(texts_), 0};
  if (!list || !list->is_sequence()) return range;
  for (const Node& item : list->children) texts_.push_back(text(item.text));
  range.count = size_of(list->children);
  return range;
}

std::uint32_t Builder::reference(const Node& name) {
  const auto [place, fresh] = by_name_.try_emplace(name.text, size_of(schemas_));
  if (!fresh) return place->second;
  const auto id = place->second;  // taken before its content is read: schemas may contain themselves
  schemas_.emplace_back();
  const Node* definition = definitions_ ? definitions_->find(name.text) : nullptr;
  if (definition) schemas_[id] = content(*definition);
  return id;
}

std::uint32_t Builder::compile(const Node& schema) {
  if (const Node* name = schema.find("$ref")) return reference(*name);
  if (!schema.is_mapping() || schema.size() == 0) return 0;
  const Schema made = content(schema);
  schemas_.push_back(made);
  return size_of(schemas_) - 1;
}

Range Builder::properties(const Node& schema, Schema& into) {
  const Node* listed = schema.find("properties");
  if (!listed || !listed->is_mapping()) return {};
  Entries entries;
  for (std::size_t i = 0; i < listed->size(); ++i) {
    const auto [key, value] = listed->entry(i);
    entries.push_back({text(key.text), compile(value), manifest::mark_of(key.text)});
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Property& a, const Property& b) { return a.mark < b.mark; });
  const Range range{size_of(properties_), size_of(entries)};
  properties_.insert(properties_.end(), entries.begin(), entries.end());
  into.slots = hashed(range);
  if (into.type == Type::kAny && entries.empty()) into.flags |= kKeepsUnknown;
  return range;
}

Range Builder::hashed(Range properties) {
  if (properties.count == 0) return {};
  const Range range{size_of(slots_), std::bit_ceil(2 * properties.count)};
  slots_.resize(slots_.size() + range.count);
  for (std::uint32_t i = properties.first; i < properties.first + properties.count; ++i) {
    std::uint32_t at = first_slot(properties_[i].mark, range);
    while (slots_[range.first + at] != 0) at = (at + 1) & (range.count - 1);
    slots_[range.first + at] = i + 1;
  }
  return range;
}

Schema Builder::content(const Node& schema) {
  Schema out;
  out.type = type_of(schema);
  out.format = format_named(text_of(schema.find("format")));
  const std::pair<std::string_view, Flags> flags[] = {{"nullable", kNullable},
                                                      {"x-kubernetes-preserve-unknown-fields", kKeepsUnknown},
                                                      {"x-kubernetes-embedded-resource", kEmbedded},
                                                      {"x-experimental", kExperimental}};
  for (const auto& [name, flag] : flags) {
    if (is_true(schema.find(name))) out.flags |= flag;
  }
  if (text_of(schema.find("x-kubernetes-list-type")) == "set") out.flags |= kUniqueItems;
  out.properties = properties(schema, out);
  if (const Node* items = schema.find("items")) out.items = compile(*items);
  if (const Node* values = schema.find("additionalProperties")) {
    if (values->is_mapping() && values->size() > 0) out.values = compile(*values);
    if (out.values == 0 && !(values->is_scalar() && values->text == "false")) out.flags |= kKeepsUnknown;
  }
  out.required = texts(schema.find("required"));
  out.extra = extra(schema, out);
  return out;
}

Range Builder::alternatives(const Node& list) {
  std::vector<std::uint32_t> made;
  for (const Node& one : list.children) made.push_back(compile(one));
  const Range range{size_of(ids_), size_of(made)};
  ids_.insert(ids_.end(), made.begin(), made.end());
  return range;
}

Range Builder::rules(const Node& list) {
  const Range range{size_of(rules_), size_of(list.children)};
  for (const Node& rule : list.children) {
    // A rule that compares with the object before the change says nothing about an object by itself.
    const auto expression = text_of(rule.find("rule"));
    const bool of_change = expression.find("oldSelf") != expression.npos;
    auto says = text_of(rule.find("says"));
    if (says.empty()) says = text_of(rule.find("message"));
    rules_.push_back({text(of_change ? "true" : expression), text(says)});
  }
  return range;
}

void Builder::bounds(const Node& schema, Extra& out) {
  read(schema.find("minimum"), out.minimum);
  read(schema.find("maximum"), out.maximum);
  read(schema.find("multipleOf"), out.multiple_of);
  out.above_minimum = is_true(schema.find("exclusiveMinimum"));
  out.below_maximum = is_true(schema.find("exclusiveMaximum"));
  read(schema.find("minLength"), out.min_length);
  read(schema.find("maxLength"), out.max_length);
  read(schema.find("minItems"), out.min_items);
  read(schema.find("maxItems"), out.max_items);
  read(schema.find("minProperties"), out.min_properties);
  read(schema.find("maxProperties"), out.max_properties);
}

std::uint32_t Builder::extra(const Node& schema, Schema& into) {
  constexpr std::string_view kRare[] = {"enum",
                                        "pattern",
                                        "minimum",
                                        "maximum",
                                        "multipleOf",
                                        "minLength",
                                        "maxLength",
                                        "minItems",
                                        "maxItems",
                                        "minProperties",
                                        "maxProperties",
                                        "allOf",
                                        "anyOf",
                                        "oneOf",
                                        "not",
                                        "default",
                                        "propertyNames",
                                        "x-kubernetes-validations",
                                        "x-kubernetes-list-map-keys"};
  const bool plain =
      std::none_of(std::begin(kRare), std::end(kRare), [&](auto key) { return schema.find(key) != nullptr; });
  if (plain) return 0;
  Extra out;
  bounds(schema, out);
  out.enums = texts(schema.find("enum"));
  out.pattern = text(text_of(schema.find("pattern")));
  if (const Node* keys = schema.find("propertyNames"))
    out.key_format = format_named(text_of(keys->find("format")));
  out.list_keys = texts(schema.find("x-kubernetes-list-map-keys"));
  const bool own_choice = into.type == Type::kIntOrString;  // says the same again as anyOf or oneOf
  if (const Node* list = schema.find("allOf")) out.all_of = alternatives(*list);
  if (const Node* list = schema.find("anyOf"); list && !own_choice) out.any_of = alternatives(*list);
  if (const Node* list = schema.find("oneOf"); list && !own_choice) out.one_of = alternatives(*list);
  if (const Node* one = schema.find("not")) out.none_of = compile(*one);
  if (const Node* by_default = schema.find("default"))
    out.by_default = text(manifest::write_yaml(*by_default));
  if (const Node* list = schema.find("x-kubernetes-validations")) {
    out.rules = rules(*list);
    if (out.rules.count > 0) into.flags |= kHasRules;
  }
  extras_.push_back(out);
  return size_of(extras_) - 1;
}

void Builder::add_kind(const Kind& kind) {
  const bool known = std::any_of(kinds_.begin(), kinds_.end(), [&](const Kind& k) {
    return k.group.at == kind.group.at && k.kind.at == kind.kind.at && k.version.at == kind.version.at;
  });
  if (known) return;
  kinds_.push_back(kind);
  kinds_.back().mark = manifest::mark_of(std::string_view(pool_).substr(kind.kind.at, kind.kind.size));
}

void Builder::add_file(const Node& file) {
  definitions_ = file.find("definitions");
  by_name_.clear();
  const Node* kinds = file.find("kinds");
  for (const Node& entry : kinds ? kinds->children : std::vector<Node>{}) {
    Kind kind{text(text_of(entry.find("group"))), text(text_of(entry.find("kind"))),
              text(text_of(entry.find("version")))};
    const auto served = entry.find("served");
    kind.flags = static_cast<std::uint8_t>(
        (is_true(entry.find("namespaced")) ? kNamespaced : 0) | (served && !is_true(served) ? 0 : kServed) |
        (is_true(entry.find("deprecated")) ? kDeprecated : 0) |
        (is_true(entry.find("native")) ? kNative : 0) | (is_true(entry.find("status")) ? kStatus : 0));
    kind.name_format = format_named(text_of(entry.find("names")));
    if (const Node* schema = entry.find("schema")) kind.schema = compile(*schema);
    add_kind(kind);
  }
  constexpr std::string_view kMetadata = "meta.v1.ObjectMeta";
  if (definitions_ && definitions_->find(kMetadata))
    object_meta_ = reference(Node::string(std::string(kMetadata)));
  definitions_ = nullptr;
}

void Builder::add_crd(const Node& crd, Diagnostics& found) {
  const Node* spec = crd.find("spec");
  const Node* names = spec ? spec->find("names") : nullptr;
  const Node* versions = spec ? spec->find("versions") : nullptr;
  if (!names || !versions || !versions->is_sequence() || text_of(names->find("kind")).empty()) {
    found.error("bad-crd", crd.range(),
                "this CustomResourceDefinition has no spec.names.kind or no spec.versions");
    return;
  }
  for (const Node& version : versions->children) {
    const Node* holder = version.find("schema");
    const Node* schema = holder ? holder->find("openAPIV3Schema") : nullptr;
    if (!schema) {
      found.error("bad-crd", version.range(), "this version has no schema.openAPIV3Schema");
      continue;
    }
    Kind kind{text(text_of(spec->find("group"))), text(text_of(names->find("kind"))),
              text(text_of(version.find("name")))};
    const Node* parts = version.find("subresources");
    kind.flags = static_cast<std::uint8_t>((text_of(spec->find("scope")) == "Namespaced" ? kNamespaced : 0) |
                                           (is_true(version.find("served")) ? kServed : 0) |
                                           (is_true(version.find("deprecated")) ? kDeprecated : 0) |
                                           (parts && parts->find("status") ? kStatus : 0));
    kind.schema = compile(*schema);
    add_kind(kind);
  }
}

/// Marks every schema that has rules somewhere inside, through recursion too.
void Builder::spread_rules() {
  const auto has = [this](std::uint32_t id) { return (schemas_[id].flags & kHasRules) != 0; };
  for (bool changed = true; changed;) {
    changed = false;
    for (Schema& schema : schemas_) {
      if (schema.flags & kHasRules) continue;
      bool any = has(schema.items) || has(schema.values);
      for (std::uint32_t i = 0; i < schema.properties.count && !any; ++i)
        any = has(properties_[schema.properties.first + i].schema);
      if (!any) continue;
      schema.flags |= kHasRules;
      changed = true;
    }
  }
}

Tables Builder::tables() {
  spread_rules();
  const auto in_order = [this](const Kind& a, const Kind& b) {
    const auto key = [this](const Kind& k) {
      const std::string_view pool = pool_;
      return std::tuple(k.mark, pool.substr(k.kind.at, k.kind.size), pool.substr(k.group.at, k.group.size),
                        pool.substr(k.version.at, k.version.size));
    };
    return key(a) < key(b);
  };
  std::sort(kinds_.begin(), kinds_.end(), in_order);
  return {schemas_, properties_, slots_, extras_, ids_, texts_, rules_, kinds_, pool_, object_meta_};
}

}  // namespace marty::schema
