#include "schema/tables.hpp"

#include <algorithm>

#include "manifest/node.hpp"

namespace marty::schema {

const Property* Tables::find(const Schema& schema, std::string_view name, std::uint32_t mark) const {
  const Property* const end = properties.data() + schema.properties.first + schema.properties.count;
  const Property* at =
      std::lower_bound(properties.data() + schema.properties.first, end, mark,
                       [](const Property& one, std::uint32_t wanted) { return one.mark < wanted; });
  for (; at != end && at->mark == mark; ++at)
    if (manifest::same(text(at->name), name)) return at;
  return nullptr;
}

}  // namespace marty::schema
