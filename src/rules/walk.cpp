#include "rules/walk.hpp"

#include <charconv>

#include "rules/found.hpp"

namespace marty::rules {

const Node* get(const Node& from, const Way& way) {
  const Node* node = &from;
  for (const auto& [key, mark] : way) {
    node = node->find(key, mark);
    if (node == nullptr) return nullptr;
  }
  return node;
}

std::string_view text(const Node& from, const Way& way) { return text_of(get(from, way)); }

std::optional<std::int64_t> number(const Node& from, const Way& way) {
  const auto written = text(from, way);
  std::int64_t value = 0;
  const auto end = written.data() + written.size();
  const auto [stop, failure] = std::from_chars(written.data(), end, value);
  if (written.empty() || failure != std::errc{} || stop != end) return std::nullopt;
  return value;
}

void Path::put_into_words() const {
  words_ = steps_ != nullptr ? steps_->path() : found_->path(value_);
  steps_ = nullptr;
  found_ = nullptr;
}

bool is_true(const Node* node) { return node != nullptr && node->is_scalar() && node->text == "true"; }

namespace {

using See = FunctionRef<void(const Place&)>;

void follow(const Node& node, const Way::Step* step, const Way::Step* end, const schema::Place& here,
            See see) {
  if (step == end) return see({node, here});
  if (step->mark == Way::kItems) {
    if (!node.is_sequence()) return;
    for (std::size_t i = 0; i < node.children.size(); ++i)
      follow(node.children[i], step + 1, end, here.item(i), see);
  } else if (step->mark == Way::kValues) {
    if (!node.is_mapping()) return;
    for (std::size_t i = 0; i < node.size(); ++i)
      follow(node.entry(i).value, step + 1, end, here.field(node.entry(i).key.text), see);
  } else if (const Node* next = node.find(step->key, step->mark)) {
    follow(*next, step + 1, end, here.field(step->key), see);
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

void each(const Node& root, const Way& way, See see) { follow(root, way.begin(), way.end(), {}, see); }

void each_scalar(const Node& root, See see) { all_below(root, {}, see); }

}  // namespace marty::rules
