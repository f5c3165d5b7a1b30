#include "manifest/node.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "manifest/among.hpp"

namespace marty::manifest {

namespace {

constexpr std::array<std::string_view, 12> kSpecial{".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF",
                                                    "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};
constexpr Among kDigit("0123456789"), kDigitOrBar("0123456789_"), kHexadecimal("0123456789abcdefABCDEF_"),
    kOctal("01234567_"), kBinary("01_"), kFirstOfWord("~nNtTfFyYoO"), kInNumber("_.eE");

/// How many characters at the beginning are among some.
std::size_t count_leading(std::string_view text, const Among& some) {
  std::size_t count = 0;
  while (count < text.size() && some(text[count])) ++count;
  return count;
}

bool all(std::string_view text, const Among& of) {
  return !text.empty() && count_leading(text, of) == text.size();
}

ScalarType number_type(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t digits_first = count_leading(text, kDigit);
  if (digits_first == text.size()) return text.empty() ? ScalarType::kString : ScalarType::kInteger;
  if (text.size() > 2 && text[0] == '0') {
    const char base = text[1];
    const auto digits = text.substr(2);
    if (base == 'x' && all(digits, kHexadecimal)) return ScalarType::kInteger;
    if (base == 'o' && all(digits, kOctal)) return ScalarType::kInteger;
    if (base == 'b' && all(digits, kBinary)) return ScalarType::kInteger;
  }
  if (!kInNumber(text[digits_first])) return ScalarType::kString;
  if (all(text, kDigitOrBar) && text[0] != '_') return ScalarType::kInteger;
  const auto exponent = text.find_first_of("eE");
  auto mantissa = text.substr(0, exponent);
  if (exponent != text.npos) {
    auto power = text.substr(exponent + 1);
    if (power.starts_with('-') || power.starts_with('+')) power.remove_prefix(1);
    if (!all(power, kDigit)) return ScalarType::kString;
  }
  const auto dot = mantissa.find('.');
  const auto whole = mantissa.substr(0, dot);
  const auto fraction = dot == mantissa.npos ? std::string_view{} : mantissa.substr(dot + 1);
  const bool digits = all(whole, kDigit) || all(fraction, kDigit);
  const bool clean = (whole.empty() || all(whole, kDigit)) && (fraction.empty() || all(fraction, kDigit));
  return digits && clean ? ScalarType::kNumber : ScalarType::kString;
}

/// Words of at most seven letters as one number, so that they compare at once; case does not count.
constexpr std::uint64_t folded(std::string_view word) {
  std::uint64_t all = 0;
  for (const char c : word) all = all << 8 | static_cast<unsigned char>(c | 0x20);
  return all;
}

/// What a word means if it is written like one of "word", "Word" and "WORD".
ScalarType word_type(std::string_view text) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto capitals = std::count_if(text.begin() + 1, text.end(), upper);
  const bool one_case = capitals == 0 || (upper(text[0]) && capitals + 1 == std::ssize(text));
  switch (one_case ? folded(text) : 0) {
    case folded("~"):
    case folded("null"):
      return ScalarType::kNull;
    case folded("true"):
    case folded("false"):
    case folded("yes"):
    case folded("no"):
    case folded("on"):
    case folded("off"):
      return ScalarType::kBool;
    default:
      return ScalarType::kString;
  }
}

}  // namespace

ScalarType plain_type(std::string_view text) {
  if (text.empty()) return ScalarType::kNull;
  const char first = text[0];
  if (kFirstOfWord(first)) return text.size() > 5 ? ScalarType::kString : word_type(text);
  if (kDigit(first)) return number_type(text);
  if (first != '.' && first != '-' && first != '+') return ScalarType::kString;
  return std::find(kSpecial.begin(), kSpecial.end(), text) != kSpecial.end() ? ScalarType::kNumber
                                                                             : number_type(text);
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

const Node* Node::find(std::string_view key, std::uint32_t mark_of_key) const {
  if (!is_mapping()) return nullptr;
  const Node* const end = children.data() + (children.size() & ~std::size_t{1});
  for (const Node* one = children.data(); one != end; one += 2) {
    if (one->mark == mark_of_key && same(one->text, key)) return one + 1;
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
