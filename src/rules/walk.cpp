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

/// Lengthens a path while it lives.
class Longer {
 public:
  Longer(std::string& path, std::string_view step) : path_(path), before_(path.size()) {
    if (!path.empty() && !step.starts_with('[')) path += '.';
    path += step;
  }
  ~Longer() { path_.resize(before_); }
  Longer(const Longer&) = delete;
  Longer& operator=(const Longer&) = delete;

 private:
  std::string& path_;
  std::size_t before_;
};

std::string index(std::size_t i) { return "[" + std::to_string(i) + "]"; }

using See = std::function<void(const Place&)>;

void follow(const Node& node, std::string_view pattern, std::string& path, const See& see) {
  if (pattern.empty()) return see({node, path});
  if (pattern.starts_with('.')) pattern.remove_prefix(1);
  if (pattern.starts_with("[]")) {
    if (!node.is_sequence()) return;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const Longer step(path, index(i));
      follow(node.children[i], pattern.substr(2), path, see);
    }
  } else if (pattern.starts_with("{}")) {
    if (!node.is_mapping()) return;
    for (std::size_t i = 0; i < node.size(); ++i) {
      const Longer step(path, node.entry(i).key.text);
      follow(node.entry(i).value, pattern.substr(2), path, see);
    }
  } else {
    const auto end = std::min(pattern.find_first_of(".[{"), pattern.size());
    const auto key = pattern.substr(0, end);
    const Node* next = node.find(key);
    if (next == nullptr) return;
    const Longer step(path, key);
    follow(*next, pattern.substr(end), path, see);
  }
}

void all_below(const Node& node, std::string& path, const See& see) {
  if (node.is_scalar()) return see({node, path});
  for (std::size_t i = 0; i < node.size(); ++i) {
    const Longer step(path, node.is_mapping() ? node.entry(i).key.text : index(i));
    all_below(node.is_mapping() ? node.entry(i).value : node.children[i], path, see);
  }
}

}  // namespace

void each(const Node& root, std::string_view pattern, const See& see) {
  std::string path;
  follow(root, pattern, path, see);
}

void each_scalar(const Node& root, const See& see) {
  std::string path;
  all_below(root, path, see);
}

}  // namespace marty::rules
