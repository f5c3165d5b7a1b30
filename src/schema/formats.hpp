#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace marty::schema {

/// A named condition on a text. The first part are the formats that API servers know for CRDs; the rest are
/// those of Kubernetes' own validation.
struct Format {
  std::string_view name;
  bool (*accepts)(std::string_view);  ///< nullptr: a note for programs, not checked on texts
  std::string_view description;       ///< completes "… is not"
};
std::span<const Format> formats();

/// 0 when there is no such format: then any text will do.
std::uint8_t format_named(std::string_view);

/// The value of a quantity such as 100m or 1Gi; 0 for what is none.
double quantity_value(std::string_view);

}  // namespace marty::schema
