#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace marty::mesh {

/// "99.9%" as 0.999; nothing for what is no percentage strictly between 0 % and 100 %.
inline std::optional<double> parse_share(std::string_view text) {
  if (!text.ends_with('%')) return {};
  text.remove_suffix(1);
  double percent = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, percent, std::chars_format::fixed);
  if (read.ec != std::errc{} || read.ptr != end || !(percent > 0 && percent < 100)) return {};
  return percent / 100;
}

}  // namespace marty::mesh
