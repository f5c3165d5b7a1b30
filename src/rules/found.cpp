#include "rules/found.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace marty::rules {

Found::Found(const Found& up, const Way::Step& step) : up_(&up), key_(step.key), mark_(step.mark) {
  follow(step);
}

Found::~Found() {
  const Found* one = below_.load(std::memory_order_relaxed);
  while (one != nullptr) delete std::exchange(one, one->beside_);
}

void Found::follow(const Way::Step& step) {
  for (const Value& value : up_->values_) {
    const auto from = static_cast<std::uint32_t>(&value - up_->values_.data());
    const Node& node = *value.node;
    if (step.mark != Way::kItems && step.mark != Way::kValues) {
      if (const Node* found = node.find(step.key, step.mark))
        values_.push_back({found, value.object, from, 0});
    } else if (step.mark == Way::kItems ? node.is_sequence() : node.is_mapping()) {
      std::uint32_t at = 0;
      for (std::size_t i = node.is_mapping() ? 1 : 0; i < node.children.size();
           i += node.is_mapping() ? 2 : 1)
        values_.push_back({&node.children[i], value.object, from, at++});
    }
  }
}

const Found* Found::known(const Found* first, const Found* last, const Way::Step& step) {
  for (; first != last; first = first->beside_)
    if (first->mark_ == step.mark && first->key_ == step.key) return first;
  return nullptr;
}

const Found& Found::next(const Way::Step& step) const {
  const Found* youngest = below_.load(std::memory_order_acquire);
  if (const Found* one = known(youngest, nullptr, step)) return *one;
  std::unique_ptr<Found> fresh(new Found(*this, step));
  fresh->beside_ = youngest;
  while (!below_.compare_exchange_weak(youngest, fresh.get(), std::memory_order_acq_rel)) {
    if (const Found* one = known(youngest, fresh->beside_, step)) return *one;
    fresh->beside_ = youngest;
  }
  return *fresh.release();
}

const Found& Found::below(const Way& way) const {
  const Found* out = this;
  for (const auto& step : way) out = &out->next(step);
  return *out;
}

std::string Found::path(std::size_t value) const {
  if (up_ == nullptr) return {};
  const auto& [node, object, from, at] = values_[value];
  const auto before = up_->path(from);
  const std::string& key = mark_ == Way::kValues ? up_->values_[from].node->entry(at).key.text : key_;
  if (key.empty()) return fmt::format("{}[{}]", before, at);
  return before.empty() ? key : fmt::format("{}.{}", before, key);
}

namespace {

/// Of what one way leads to, what has not been seen yet.
struct Rest {
  const Found* found;
  std::size_t way;
  const Found::Value *next, *end;
};

}  // namespace

void each(const Found& objects, std::span<const Way> ways,
          FunctionRef<void(std::size_t object, std::size_t way, const Place&)> see) {
  std::vector<Rest> rests;
  for (const auto& way : ways) {
    const auto& found = objects.below(way);
    const auto* values = found.values().data();
    if (const auto count = found.values().size(); count > 0)
      rests.push_back({&found, static_cast<std::size_t>(&way - ways.data()), values, values + count});
  }
  while (!rests.empty()) {
    std::uint32_t object = UINT32_MAX;
    for (const auto& rest : rests) object = std::min(object, rest.next->object);
    bool ended = false;
    for (auto& [found, way, next, end] : rests) {
      const auto* const first = found->values().data();
      for (; next != end && next->object == object; ++next)
        see(object, way, {*next->node, {*found, static_cast<std::size_t>(next - first)}});
      ended = ended || next == end;
    }
    if (ended) std::erase_if(rests, [](const Rest& rest) { return rest.next == rest.end; });
  }
}

}  // namespace marty::rules
