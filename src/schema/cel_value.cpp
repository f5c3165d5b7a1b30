#include "schema/cel_value.hpp"

#include "manifest/field_values.hpp"

namespace marty::schema {

using manifest::Node;
using manifest::ScalarType;
using Is = CelValue::Kind;

CelValue CelMemory::of(const Node& node, std::uint32_t schema) {
  if (node.is_mapping()) return {Is::kMap, 0, 0, {}, &node, schema};
  if (node.is_sequence()) return {Is::kList, 0, 0, {}, &node, schema};
  if (node.is_null()) return {};
  const bool real = tables_.schemas[schema].type == Type::kNumber;
  switch (node.type()) {
    case ScalarType::kBool:
      return CelValue::boolean((node.text[0] | 32) == 't' || (node.text[0] | 32) == 'y' ||
                               (node.text[1] | 32) == 'n');  // true, yes, on
    case ScalarType::kInteger:
      if (const auto whole = manifest::to_integer(node.text); whole && !real)
        return CelValue::integer(*whole);
      [[fallthrough]];
    case ScalarType::kNumber:
      return {Is::kDouble, 0, manifest::to_number(node.text).value_or(0)};
    default:
      return CelValue::string(node.text);
  }
}

CelValue CelMemory::field(const CelValue& map, std::string_view name) {
  if (map.is(Is::kError)) return map;
  if (!map.is(Is::kMap)) return CelValue::error("a field of something that is no mapping");
  if (!map.node) {
    for (std::size_t i = 0; map.items && i + 1 < map.items->size(); i += 2) {
      if ((*map.items)[i].text == name) return (*map.items)[i + 1];
    }
    return CelValue::error("no such key");
  }
  const Schema& schema = tables_.schemas[map.schema];
  const Property* property = tables_.find(schema, name);
  const std::uint32_t inner = property ? property->schema : schema.values;
  if (const Node* found = map.node->find(name); found && !found->is_null()) return of(*found, inner);
  const Node* missing =
      property ? defaults_.find(tables_.text(tables_.extra_of(tables_.schemas[inner]).by_default)) : nullptr;
  return missing ? of(*missing, inner) : CelValue::error("no such key");
}

bool CelMemory::has(const CelValue& map, std::string_view name) {
  if (map.is(Is::kMap) && map.node) {
    const Node* found = map.node->find(name);
    if (found && !found->is_null()) return true;
  }
  return !field(map, name).is(Is::kError);
}

bool CelMemory::holds(const CelValue& map, std::string_view key) {
  return (map.node && map.node->find(key)) || has(map, key);
}

std::size_t CelMemory::size(const CelValue& value) const {
  if (value.node) return value.node->size();
  if (!value.items) return 0;
  return value.is(Is::kMap) ? value.items->size() / 2 : value.items->size();
}

CelValue CelMemory::item(const CelValue& value, std::size_t i) {
  if (value.is(Is::kMap)) {
    return value.node ? CelValue::string(value.node->entry(i).key.text) : (*value.items)[2 * i];
  }
  if (!value.node) return (*value.items)[i];
  return of(value.node->children[i], tables_.schemas[value.schema].items);
}

bool equal(CelMemory& memory, const CelValue& a, const CelValue& b) {
  if (a.is_number() && b.is_number()) {
    return a.is(Is::kInt) && b.is(Is::kInt) ? a.number == b.number : a.as_double() == b.as_double();
  }
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Is::kString:
      return a.text == b.text;
    case Is::kList: {
      if (memory.size(a) != memory.size(b)) return false;
      for (std::size_t i = 0; i < memory.size(a); ++i) {
        if (!equal(memory, memory.item(a, i), memory.item(b, i))) return false;
      }
      return true;
    }
    case Is::kMap: {
      if (memory.size(a) != memory.size(b)) return false;
      for (std::size_t i = 0; i < memory.size(a); ++i) {
        const auto key = memory.item(a, i).text;
        if (!memory.has(b, key) || !equal(memory, memory.field(a, key), memory.field(b, key))) return false;
      }
      return true;
    }
    default:
      return a.number == b.number;
  }
}

}  // namespace marty::schema
