#include "schema/tables.hpp"

#include <algorithm>

namespace marty::schema {

const Property* Tables::find(const Schema& schema, std::string_view name) const {
  const auto all = properties_of(schema);
  const auto at = std::lower_bound(
      all.begin(), all.end(), name,
      [this](const Property& p, std::string_view n) { return in_table_order(text(p.name), n); });
  return at != all.end() && text(at->name) == name ? &*at : nullptr;
}

}  // namespace marty::schema
