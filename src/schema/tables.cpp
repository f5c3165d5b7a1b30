#include "schema/tables.hpp"

namespace marty::schema {

const Property* Tables::find(const Schema& schema, std::string_view name, std::uint32_t mark) const {
  if (schema.slots.count == 0) return nullptr;
  const std::uint32_t* const table = slots.data() + schema.slots.first;
  std::uint32_t at = first_slot(mark, schema.slots);
  for (; table[at] != 0; at = (at + 1) & (schema.slots.count - 1)) {
    const Property& one = properties.data()[table[at] - 1];
    if (one.mark == mark && manifest::same(text(one.name), name)) return &one;
  }
  return nullptr;
}

}  // namespace marty::schema
