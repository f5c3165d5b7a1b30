#include "rules/ports.hpp"

#include <algorithm>
#include <charconv>

namespace marty::rules {

bool lists_port(std::string_view list, std::uint16_t wanted) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    auto one = list.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    unsigned first = 0;
    const auto end = one.data() + one.size();
    const auto read = std::from_chars(one.data(), end, first);
    unsigned last = first;
    if (read.ptr != end && *read.ptr == '-') std::from_chars(read.ptr + 1, end, last);
    if (first <= wanted && wanted <= last) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace marty::rules
