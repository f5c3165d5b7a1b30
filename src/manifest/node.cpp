#include "manifest/node.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace marty::manifest {

namespace {

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

constexpr std::array<std::string_view, 4> kNulls{"~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 18> kBools{"true", "True", "TRUE", "false", "False", "FALSE",
                                                  "yes",  "Yes",  "YES",  "no",    "No",    "NO",
                                                  "on",   "On",   "ON",   "off",   "Off",   "OFF"};
constexpr std::array<std::string_view, 12> kSpecial{".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF",
                                                    "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};

bool all_digits(std::string_view text, std::string_view digits) {
  return !text.empty() && text.find_first_not_of(digits) == text.npos;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

/// Whether a null or a bool can begin like this.
bool may_be_word(char first) {
  constexpr std::string_view kFirst = "~nNtTfFyYoO";
  return std::find(kFirst.begin(), kFirst.end(), first) != kFirst.end();
}

ScalarType number_type(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (all_digits(text)) return ScalarType::kInteger;
  if (text.size() > 2 && text[0] == '0') {
    const char base = text[1];
    const auto digits = text.substr(2);
    if (base == 'x' && all_digits(digits, "0123456789abcdefABCDEF_")) return ScalarType::kInteger;
    if (base == 'o' && all_digits(digits, "01234567_")) return ScalarType::kInteger;
    if (base == 'b' && all_digits(digits, "01_")) return ScalarType::kInteger;
  }
  if (all_digits(text, "0123456789_") && text[0] != '_') return ScalarType::kInteger;
  const auto exponent = text.find_first_of("eE");
  auto mantissa = text.substr(0, exponent);
  if (exponent != text.npos) {
    auto power = text.substr(exponent + 1);
    if (power.starts_with('-') || power.starts_with('+')) power.remove_prefix(1);
    if (!all_digits(power)) return ScalarType::kString;
  }
  const auto dot = mantissa.find('.');
  const auto whole = mantissa.substr(0, dot);
  const auto fraction = dot == mantissa.npos ? std::string_view{} : mantissa.substr(dot + 1);
  const bool digits = all_digits(whole) || all_digits(fraction);
  const bool clean = (whole.empty() || all_digits(whole)) && (fraction.empty() || all_digits(fraction));
  return digits && clean ? ScalarType::kNumber : ScalarType::kString;
}

}  // namespace

ScalarType plain_type(std::string_view text) {
  if (text.empty()) return ScalarType::kNull;
  const char first = text[0];
  if (first == '.' || first == '-' || first == '+' || is_digit(first)) {
    return !is_digit(first) && one_of(text, kSpecial) ? ScalarType::kNumber : number_type(text);
  }
  if (text.size() > 5 || !may_be_word(first)) return ScalarType::kString;
  if (one_of(text, kNulls)) return ScalarType::kNull;
  return one_of(text, kBools) ? ScalarType::kBool : ScalarType::kString;
}

Node Node::string(std::string text, Origin origin) {
  Node node;
  node.kind = Kind::kScalar;
  node.is_text = true;
  node.text = std::move(text);
  node.origin = origin;
  return node;
}

Node Node::plain(std::string text, Origin origin) {
  Node node = string(std::move(text), origin);
  node.is_text = false;
  return node;
}

Node Node::mapping(Origin origin) {
  Node node;
  node.kind = Kind::kMapping;
  node.origin = origin;
  return node;
}

Node Node::sequence(Origin origin) {
  Node node;
  node.kind = Kind::kSequence;
  node.origin = origin;
  return node;
}

ScalarType Node::type() const {
  if (is_null()) return ScalarType::kNull;
  return is_text ? ScalarType::kString : plain_type(text);
}

const Node* Node::find(std::string_view key, std::uint32_t mark_of_key) const {
  if (!is_mapping()) return nullptr;
  const Node* const end = children.data() + (children.size() & ~std::size_t{1});
  for (const Node* one = children.data(); one != end; one += 2) {
    if ((one->mark == mark_of_key || one->mark == 0) && same(one->text, key)) return one + 1;
  }
  return nullptr;
}

Node* Node::at(std::initializer_list<std::string_view> path) {
  Node* node = this;
  for (const auto step : path) {
    if (node->is_sequence()) {
      std::size_t index = 0;
      std::from_chars(step.data(), step.data() + step.size(), index);
      node = index < node->children.size() ? &node->children[index] : nullptr;
    } else {
      node = node->find(step);
    }
    if (!node) return nullptr;
  }
  return node;
}

std::string Node::text_at(std::initializer_list<std::string_view> path) const {
  const Node* node = at(path);
  return node && node->is_scalar() ? node->text : std::string();
}

Node& Node::add(std::string_view key, Node value) {
  children.push_back(string(std::string(key)));
  children.back().mark = mark_of(key);
  children.push_back(std::move(value));
  return children.back();
}

Node& Node::add(Node item) {
  children.push_back(std::move(item));
  return children.back();
}

Node& Node::comment(std::string head) {
  comments.make().head = std::move(head);
  return *this;
}

Node& Node::line_comment(std::string line) {
  comments.make().line = std::move(line);
  return *this;
}

bool operator==(const Node& a, const Node& b) {
  if (a.kind != b.kind) return false;
  if (a.is_scalar()) return a.text == b.text && (a.is_text == b.is_text || a.type() == b.type());
  return a.children == b.children;
}

}  // namespace marty::manifest
