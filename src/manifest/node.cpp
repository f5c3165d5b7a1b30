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

constexpr std::array<std::string_view, 5> kNulls{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 18> kBools{"true", "True", "TRUE", "false", "False", "FALSE",
                                                  "yes",  "Yes",  "YES",  "no",    "No",    "NO",
                                                  "on",   "On",   "ON",   "off",   "Off",   "OFF"};
constexpr std::array<std::string_view, 12> kSpecial{".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF",
                                                    "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};

bool all_digits(std::string_view text, std::string_view digits) {
  return !text.empty() && text.find_first_not_of(digits) == text.npos;
}

ScalarType number_type(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
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
    if (!all_digits(power, "0123456789")) return ScalarType::kString;
  }
  const auto dot = mantissa.find('.');
  const auto whole = mantissa.substr(0, dot);
  const auto fraction = dot == mantissa.npos ? std::string_view{} : mantissa.substr(dot + 1);
  const bool digits = all_digits(whole, "0123456789") || all_digits(fraction, "0123456789");
  const bool clean = (whole.empty() || all_digits(whole, "0123456789")) &&
                     (fraction.empty() || all_digits(fraction, "0123456789"));
  return digits && clean ? ScalarType::kNumber : ScalarType::kString;
}

}  // namespace

ScalarType plain_type(std::string_view text) {
  if (text.size() <= 4 && one_of(text, kNulls)) return ScalarType::kNull;
  if (text.size() <= 5 && one_of(text, kBools)) return ScalarType::kBool;
  if (text[0] == '.' || text[0] == '-' || text[0] == '+' || (text[0] >= '0' && text[0] <= '9')) {
    return one_of(text, kSpecial) ? ScalarType::kNumber : number_type(text);
  }
  return ScalarType::kString;
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

const Node* Node::find(std::string_view key) const {
  if (!is_mapping()) return nullptr;
  for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
    if (children[i].text == key) return &children[i + 1];
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
  children.push_back(std::move(value));
  return children.back();
}

Node& Node::add(Node item) {
  children.push_back(std::move(item));
  return children.back();
}

Node& Node::comment(std::string head) {
  comments.resize(1);
  comments[0].head = std::move(head);
  return *this;
}

Node& Node::line_comment(std::string line) {
  comments.resize(1);
  comments[0].line = std::move(line);
  return *this;
}

bool operator==(const Node& a, const Node& b) {
  if (a.kind != b.kind) return false;
  if (a.is_scalar()) return a.text == b.text && (a.is_text == b.is_text || a.type() == b.type());
  return a.children == b.children;
}

}  // namespace marty::manifest
