#include "petstore/store.hpp"

namespace marty::petstore {

Status seed(PetStore& store) {
  const Pet pets[] = {
      {1, {"Rex", PetStatus::kAvailable, {"dog", "friendly"}}}, {2, {"Tama", PetStatus::kAvailable, {"cat"}}},
      {3, {"Polly", PetStatus::kPending, {"parrot", "loud"}}},  {4, {"Nemo", PetStatus::kSold, {"fish"}}},
      {5, {"Speedy", PetStatus::kAvailable, {"tortoise"}}},
  };
  auto page = store.list({.limit = 1});
  if (!page) return std::move(page.error());
  if (page->total > 0) return ok();
  // PUT, not POST: two processes that start on one file at the same moment leave five pets, not ten.
  for (const Pet& pet : pets) MARTY_TRY(store.put(pet));
  return ok();
}

}  // namespace marty::petstore
