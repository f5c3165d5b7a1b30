#include "rules/walk.hpp"

#include <charconv>

namespace marty::rules {

const Node* get(const Node& from, std::string_view path) {
  const Node* node = &from;
  while (node != nullptr && !path.empty()) {
    const auto dot = path.find('.');
    node = node->find(path.substr(0, dot));
    path = dot == path.npos ? std::string_view{} : path.substr(dot + 1);
  }
  return node;
}

std::string_view text(const Node& from, std::string_view path) {
  const Node* node = get(from, path);
  return node != nullptr && node->is_scalar() ? std::string_view(node->text) : std::string_view{};
}

std::optional<std::int64_t> number(const Node& from, std::string_view path) {
  const auto written = text(from, path);
  std::int64_t value = 0;
  const auto end = written.data() + written.size();
  const auto [stop, failure] = std::from_chars(written.data(), end, value);
  if (written.empty() || failure != std::errc{} || stop != end) return std::nullopt;
  return value;
}

bool is_true(const Node* node) { return node != nullptr && node->is_scalar() && node->text == "true"; }

namespace {

using See = FunctionRef<void(const Place&)>;

void follow(const Node& node, std::string_view pattern, const schema::Place& here, See see) {
  if (pattern.empty()) return see({node, here});
  if (pattern.starts_with('.')) pattern.remove_prefix(1);
  if (pattern.starts_with("[]")) {
    if (!node.is_sequence()) return;
    for (std::size_t i = 0; i < node.children.size(); ++i)
      follow(node.children[i], pattern.substr(2), here.item(i), see);
  } else if (pattern.starts_with("{}")) {
    if (!node.is_mapping()) return;
    for (std::size_t i = 0; i < node.size(); ++i)
      follow(node.entry(i).value, pattern.substr(2), here.field(node.entry(i).key.text), see);
  } else {
    std::size_t end = 0;
    while (end < pattern.size() && pattern[end] != '.' && pattern[end] != '[' && pattern[end] != '{') ++end;
    const auto key = pattern.substr(0, end);
    if (const Node* next = node.find(key)) follow(*next, pattern.substr(end), here.field(key), see);
  }
}

void all_below(const Node& node, const schema::Place& here, See see) {
  if (node.is_scalar()) return see({node, here});
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (node.is_mapping())
      all_below(node.entry(i).value, here.field(node.entry(i).key.text), see);
    else
      all_below(node.children[i], here.item(i), see);
  }
}

}  // namespace

void each(const Node& root, std::string_view pattern, See see) { follow(root, pattern, {}, see); }

void each_scalar(const Node& root, See see) { all_below(root, {}, see); }

}  // namespace marty::rules
