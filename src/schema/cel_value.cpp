#include "schema/cel_value.hpp"

#include "manifest/field_values.hpp"

namespace marty::schema {

using manifest::Node;
using manifest::ScalarType;
using Is = CelValue::Kind;

CelValue CelMemory::scalar(const Node& node, std::uint32_t schema) const {
  const auto type = node.type();
  if (type == ScalarType::kString) return CelValue::string(node.text);
  const bool real = tables_.schemas[schema].type == Type::kNumber;
  switch (type) {
    case ScalarType::kBool:
      return CelValue::boolean((node.text[0] | 32) == 't' || (node.text[0] | 32) == 'y' ||
                               (node.text[1] | 32) == 'n');  // true, yes, on
    case ScalarType::kInteger:
      if (const auto whole = manifest::to_integer(node.text); whole && !real)
        return CelValue::integer(*whole);
      [[fallthrough]];
    case ScalarType::kNumber:
      return CelValue::floating(manifest::to_number(node.text).value_or(0));
    default:
      return CelValue::string(node.text);
  }
}

Cel::Known CelMemory::known(std::uint32_t schema, std::string_view field, std::uint32_t mark) {
  const Schema& of = tables_.schemas[schema];
  const Property* property = tables_.find(of, field, mark);
  const std::uint32_t inner = property ? property->schema : of.values;
  const Text by_default = tables_.extra_of(tables_.schemas[inner]).by_default;
  return {schema, inner, property ? defaults_.find(tables_.text(by_default)) : nullptr};
}

CelValue CelMemory::field(CelValue map, std::string_view name) {
  if (map.is(Is::kError)) return map;
  if (!map.is(Is::kMap)) return CelValue::error("a field of something that is no mapping");
  if (map.is_made()) {
    for (std::uint32_t i = 0; i + 1 < map.count(); i += 2) {
      if (map.items[i].text() == name) return map.items[i + 1];
    }
    return CelValue::error("no such key");
  }
  const auto mark = manifest::mark_of(name);
  const Cel::Known told = known(map.schema(), name, mark);
  if (const Node* found = map.node->find(name, mark); found && !found->is_null())
    return of(*found, told.schema);
  return told.by_default ? of(*told.by_default, told.schema) : CelValue::error("no such key");
}

bool CelMemory::has(CelValue map, std::string_view name) {
  if (map.is(Is::kMap) && !map.is_made()) {
    const Node* found = map.node->find(name);
    if (found && !found->is_null()) return true;
  }
  return !field(map, name).is(Is::kError);
}

bool CelMemory::holds(CelValue map, std::string_view key) {
  return (!map.is_made() && map.node->find(key)) || has(map, key);
}

std::size_t CelMemory::size(CelValue value) const {
  if (!value.is_made()) return value.node->size();
  return value.is(Is::kMap) ? value.count() / 2 : value.count();
}

CelValue CelMemory::item(CelValue value, std::size_t i) {
  if (value.is(Is::kMap))
    return value.is_made() ? value.items[2 * i] : CelValue::string(value.node->entry(i).key.text);
  if (value.is_made()) return value.items[i];
  return of(value.node->children[i], tables_.schemas[value.schema()].items);
}

CelValue CelMemory::made(CelValue::Kind kind, std::vector<CelValue> items) {
  return CelValue::made(kind, lists_.emplace_front(std::move(items)));
}

bool equal(CelMemory& memory, CelValue a, CelValue b) {
  if (a.is_number() && b.is_number()) {
    return a.is(Is::kInt) && b.is(Is::kInt) ? a.number == b.number : a.as_double() == b.as_double();
  }
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Is::kString:
      return manifest::same(a.text(), b.text());
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
        const auto key = memory.item(a, i).text();
        if (!memory.has(b, key) || !equal(memory, memory.field(a, key), memory.field(b, key))) return false;
      }
      return true;
    }
    default:
      return a.number == b.number;
  }
}

}  // namespace marty::schema
