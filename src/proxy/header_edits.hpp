#pragma once

#include <string>
#include <string_view>

#include "mesh/model.hpp"

namespace marty::proxy {

/// Appends a field name in lower case, as Envoy writes them; returns where it starts in `out`.
std::size_t append_lower(std::string& out, std::string_view name);

/// Whether a route's edits take the place of a received field or drop it. `edits` may be null.
bool edited(const mesh::HeaderEdits* edits, std::string_view lower_name);

/// Appends what the edits set and add, in that order. `edits` may be null.
void append_edits(std::string& out, const mesh::HeaderEdits* edits);

}  // namespace marty::proxy
