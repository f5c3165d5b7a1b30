#include <map>

#include "petstore/store.hpp"

namespace marty::petstore {
namespace {

/// Keeps memory bounded whoever posts; at full size this is some 50 MB.
constexpr std::size_t kPetsMax = 100'000;

class MemoryStore final : public PetStore {
 public:
  Result<Pet> add(const PetFields& fields) override {
    if (pets_.size() >= kPetsMax) return full();
    const Pet pet{++last_id_, fields};
    pets_.emplace(pet.id, fields);
    return pet;
  }

  Result<std::optional<Pet>> find(PetId id) override {
    const auto found = pets_.find(id);
    return found == pets_.end() ? std::optional<Pet>{} : Pet{id, found->second};
  }

  Result<Placed> put(const Pet& pet) override {
    if (pets_.size() >= kPetsMax && !pets_.contains(pet.id)) return full();
    last_id_ = std::max(last_id_, pet.id);
    const bool created = pets_.insert_or_assign(pet.id, pet.fields).second;
    return created ? Placed::kCreated : Placed::kReplaced;
  }

  Result<std::optional<Pet>> change(PetId id, const Change& change) override {
    const auto found = pets_.find(id);
    if (found == pets_.end()) return std::optional<Pet>{};
    Pet pet{id, found->second};
    if (change(pet) == Keep::kYes) found->second = pet.fields;
    return std::optional(std::move(pet));
  }

  Status remove(PetId id) override {
    pets_.erase(id);
    return ok();
  }

  Result<Page> list(const PageQuery& query) override {
    Page page;
    for (const auto& [id, fields] : pets_) {
      if (query.status && fields.status != *query.status) continue;
      const std::int64_t place = page.total++;
      if (place >= query.offset && place < query.offset + query.limit) page.pets.push_back({id, fields});
    }
    return page;
  }

  Result<PetCounts> count() override {
    PetCounts counts{};
    for (const auto& [id, fields] : pets_) ++counts[static_cast<std::size_t>(fields.status)];
    return counts;
  }

 private:
  static Error full() {
    return {.text = "the memory store is full", .next = "delete pets, or use --store sqlite:PATH"};
  }
  std::map<PetId, PetFields> pets_;
  PetId last_id_ = 0;
};

}  // namespace

std::unique_ptr<PetStore> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace marty::petstore
