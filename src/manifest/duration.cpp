#include "manifest/duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "manifest/node.hpp"

namespace marty::manifest {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
constexpr std::array<Unit, 8> kUnits{{{"ns", 1},
                                      {"us", 1'000},
                                      {"\xC2\xB5s", 1'000},
                                      {"\xCE\xBCs", 1'000},
                                      {"ms", 1'000'000},
                                      {"s", 1'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"h", 3'600'000'000'000}}};

template <class Wanted>
std::string_view take(std::string_view& text, Wanted wanted) {
  std::size_t n = 0;
  while (n < text.size() && wanted(text[n])) ++n;
  const auto taken = text.substr(0, n);
  text.remove_prefix(n);
  return taken;
}

constexpr auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
constexpr auto is_unit = [](char c) { return c != '.' && !is_digit(c); };

/// "1.5" of a unit in nanoseconds; digits below a nanosecond are dropped. Empty on overflow.
std::optional<std::int64_t> scaled(std::string_view whole, std::string_view fraction, std::int64_t unit) {
  std::int64_t sum = 0;
  for (char c : whole) {
    if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, c - '0', &sum)) return {};
  }
  if (__builtin_mul_overflow(sum, unit, &sum)) return {};
  std::int64_t rest = unit, part = 0;
  for (char c : fraction) {
    // Whole tenths only, carried exactly: 36 000 000 000 000 has room for the digits that can matter.
    part += (c - '0') * (rest / 10);
    rest /= 10;
    if (rest == 0) break;
  }
  if (__builtin_add_overflow(sum, part, &sum)) return {};
  return sum;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return Duration{0};
  if (text.empty()) return {};
  std::int64_t total = 0;
  while (!text.empty()) {
    const auto whole = take(text, is_digit);
    std::string_view fraction;
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      fraction = take(text, is_digit);
    }
    if (whole.empty() && fraction.empty()) return {};
    const auto name = take(text, is_unit);
    const auto unit = std::find_if(kUnits.begin(), kUnits.end(),
                                   [&](const Unit& candidate) { return same(candidate.name, name); });
    if (unit == kUnits.end()) return {};
    const auto part = scaled(whole, fraction, unit->ns);
    if (!part || __builtin_add_overflow(total, *part, &total)) return {};
  }
  return Duration{negative ? -total : total};
}

std::string print_duration(Duration duration) {
  const std::int64_t ns = duration.count();
  if (ns % 1'000'000'000 == 0) return fmt::format("{}s", ns / 1'000'000'000);
  if (ns % 1'000'000 == 0) return fmt::format("{}ms", ns / 1'000'000);
  if (ns % 1'000 == 0) return fmt::format("{}us", ns / 1'000);
  return fmt::format("{}ns", ns);
}

}  // namespace marty::manifest
