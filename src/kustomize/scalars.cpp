#include "kustomize/scalars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace marty::kustomize {

using manifest::Node;
using manifest::ScalarType;

namespace {

/// yes, no, on and off are bools only to readers of YAML 1.1.
bool is_true_or_false(std::string_view text) {
  return text == "true" || text == "True" || text == "TRUE" || text == "false" || text == "False" ||
         text == "FALSE";
}

/// A number the way Go reads one with base 0: 0x, 0o, 0b, or a leading 0 for octal.
std::string integer(std::string text) {
  std::erase(text, '_');
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.erase(0, 1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = text[1];
    base = mark == 'x' || mark == 'X' ? 16 : mark == 'b' || mark == 'B' ? 2 : 8;
    text.erase(0, mark >= '0' && mark <= '9' ? 1 : 2);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return (negative && value ? "-" : "") + std::to_string(value);
}

/// As Go's encoding/json writes a float64; empty when the text is none.
std::string number(std::string text) {
  std::erase(text, '_');
  if (text.starts_with('+')) text.erase(0, 1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return {};
  const double size = std::fabs(value);
  const bool plain = value == 0 || (size >= 1e-6 && size < 1e21);
  char out[400];
  const auto written = std::to_chars(out, out + sizeof out, value,
                                     plain ? std::chars_format::fixed : std::chars_format::scientific);
  return {out, written.ptr};
}

/// Takes digits, at least and at most so many, off a text.
std::optional<int> take_digits(std::string_view& rest, std::size_t least, std::size_t most) {
  std::size_t size = 0;
  int value = 0;
  while (size < most && size < rest.size() && rest[size] >= '0' && rest[size] <= '9')
    value = value * 10 + (rest[size++] - '0');
  if (size < least) return {};
  rest.remove_prefix(size);
  return value;
}
bool take(std::string_view& rest, std::string_view characters) {
  if (rest.empty() || characters.find(rest[0]) == characters.npos) return false;
  rest.remove_prefix(1);
  return true;
}

/// ".5Z", "+01:00": the fraction without zeros at its end, and the zone; empty when it is neither.
std::string fraction_and_zone(std::string_view rest, bool with_zone) {
  std::string out;
  if (take(rest, ".")) {
    const auto digits = rest.substr(0, rest.find_first_not_of("0123456789"));
    rest.remove_prefix(digits.size());
    const auto end = digits.find_last_not_of('0') + 1;
    if (digits.empty() || digits.size() > 9) return {};
    if (end > 0) out = fmt::format(".{}", digits.substr(0, end));
  }
  if (!with_zone) return rest.empty() ? out + "Z" : "";
  if (rest == "Z" || rest == "+00:00" || rest == "-00:00") return out + "Z";
  const std::string zone(rest);
  if (!take(rest, "+-") || !take_digits(rest, 2, 2) || !take(rest, ":") || !take_digits(rest, 2, 2))
    return {};
  return rest.empty() ? out + zone : "";
}

/// A date or a time becomes a point in time, written as RFC 3339; empty for every other text.
std::string point_in_time(std::string_view rest) {
  const auto year = take_digits(rest, 4, 4);
  if (!year || !take(rest, "-")) return {};
  const auto month = take_digits(rest, 1, 2);
  if (!month || *month < 1 || *month > 12 || !take(rest, "-")) return {};
  const auto day = take_digits(rest, 1, 2);
  const bool leap = (*year % 4 == 0 && *year % 100 != 0) || *year % 400 == 0;
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (!day || *day < 1 || *day > kDays[*month - 1] + (*month == 2 && leap)) return {};
  const std::string date = fmt::format("{:04}-{:02}-{:02}", *year, *month, *day);
  if (rest.empty()) return date + "T00:00:00Z";
  const bool with_zone = rest[0] != ' ';
  if (!take(rest, "Tt ")) return {};
  const auto hour = take_digits(rest, 1, 2);
  if (!hour || *hour > 23 || !take(rest, ":")) return {};
  const auto minute = take_digits(rest, 1, 2);
  if (!minute || *minute > 59 || !take(rest, ":")) return {};
  const auto second = take_digits(rest, 1, 2);
  if (!second || *second > 59) return {};
  const std::string end = fraction_and_zone(rest, with_zone);
  return end.empty() ? "" : fmt::format("{}T{:02}:{:02}:{:02}{}", date, *hour, *minute, *second, end);
}

bool settle(Node& node) {
  const auto type = manifest::plain_type(node.text);
  std::string text = node.text;
  if (auto time = point_in_time(text); !time.empty()) {
    node = Node::string(std::move(time), node.origin);
    return true;
  }
  if (type == ScalarType::kString || (type == ScalarType::kBool && !is_true_or_false(text))) {
    node.is_text = true;
    return true;
  }
  if (type == ScalarType::kBool) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c < 'a' ? c + 32 : c; });
  } else {
    if (type == ScalarType::kInteger) text = integer(node.text);
    if (type == ScalarType::kNumber || text.empty()) text = number(node.text);
    if (text.empty() && node.text.find_first_of("nN") != node.text.npos) return false;
    if (text.empty()) {  // such as 08: no octal, no decimal
      node.is_text = true;
      return true;
    }
  }
  node.text = std::move(text);
  return true;
}

}  // namespace

bool reads_as_text(const Node& scalar) {
  Node copy = scalar;
  if (!copy.is_text) settle(copy);
  return copy.is_text;
}

bool settle_scalars(Node& node) {
  if (node.is_scalar()) return node.is_text || settle(node);
  bool fine = true;
  for (Node& child : node.children) fine &= settle_scalars(child);
  return fine;
}

bool settle_scalars_1_1(Node& node) {
  bool fine = true;
  for (Node& child : node.children) fine &= settle_scalars_1_1(child);
  if (!node.is_scalar() || node.is_text) return fine;
  const bool letter =
      node.text.size() == 1 && std::string_view("yYnN").find(node.text[0]) != std::string_view::npos;
  if (letter || manifest::plain_type(node.text) == ScalarType::kBool) {
    const std::string_view text = node.text;
    const bool on = text == "on" || text == "On" || text == "ON";
    node.text = on || std::string_view("yYtT").find(text[0]) != text.npos ? "true" : "false";
    return true;
  }
  if (!point_in_time(node.text).empty()) node.is_text = true;
  return settle_scalars(node);
}

}  // namespace marty::kustomize
