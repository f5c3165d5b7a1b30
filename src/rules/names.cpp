#include "rules/names.hpp"

#include <bit>

#include "core/text_hash.hpp"

namespace marty::rules {

using manifest::Resource;

namespace {
std::uint64_t hash_of(std::string_view kind, std::string_view ns, std::string_view name) {
  return mix(mix(mix(0, kind), ns), name);
}
std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
bool same_name(const Resource& a, const Resource& b) {
  return *a.name == *b.name && *a.ns == *b.ns && *a.kind == *b.kind && *a.api_version == *b.api_version;
}
}  // namespace

Names::Names(const std::vector<Resource>& objects) : slots_(std::bit_ceil(2 * objects.size() + 1)) {
  for (const auto& object : objects) {
    const auto hash = hash_of(*object.kind, *object.ns, *object.name);
    auto slot = hash & (slots_.size() - 1);
    const auto is_taken = [&](const Slot& one) {
      return one.object != nullptr && !(one.tag == tag_of(hash) && same_name(*one.object, object));
    };
    while (is_taken(slots_[slot])) slot = next(slot);
    if (slots_[slot].object == nullptr) slots_[slot] = {&object, tag_of(hash)};
  }
}

const Resource* Names::find(std::string_view kind, std::string_view ns, std::string_view name,
                            std::string_view group) const {
  const auto hash = hash_of(kind, ns, name);
  for (auto slot = hash & (slots_.size() - 1); slots_[slot].object != nullptr; slot = next(slot)) {
    const auto& [object, tag] = slots_[slot];
    if (tag == tag_of(hash) && *object->name == name && *object->ns == ns && *object->kind == kind &&
        (group.empty() || object->group() == group))
      return object;
  }
  return nullptr;
}

}  // namespace marty::rules
