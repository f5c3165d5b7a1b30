#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/result.hpp"
#include "petstore/pet.hpp"

namespace marty::petstore {

struct Page {
  std::vector<Pet> pets;   ///< by rising id
  std::int64_t total = 0;  ///< matching the status, not cut by limit and offset
};

enum class Placed { kCreated, kReplaced };
enum class Keep { kYes, kNo };
/// Pets per status, in the order of kPetStatuses.
using PetCounts = std::array<std::int64_t, std::size(kPetStatuses)>;

/// Where pets live. Pets given to it have been checked. An Error means the storage failed and nothing was
/// changed. What has been acknowledged survives the death of the process (not in the memory store). One
/// thread.
class PetStore {
 public:
  virtual ~PetStore() = default;
  /// Stores it under an id never used before.
  virtual Result<Pet> add(const PetFields&) = 0;
  virtual Result<std::optional<Pet>> find(PetId) = 0;
  virtual Result<Placed> put(const Pet&) = 0;
  /// Reads, changes and writes in one step; `change` answers whether to write. Empty when there is no such
  /// pet, otherwise the pet as `change` left it.
  using Change = std::function<Keep(Pet&)>;
  virtual Result<std::optional<Pet>> change(PetId, const Change& change) = 0;
  /// Removing what is not there is fine.
  virtual Status remove(PetId) = 0;
  virtual Result<Page> list(const PageQuery&) = 0;
  virtual Result<PetCounts> count() = 0;
};

std::unique_ptr<PetStore> make_memory_store();
/// Opens or creates the database file and brings its schema up to date. Several processes may share one file.
Result<std::unique_ptr<PetStore>> open_sqlite_store(const std::string& path);

/// A few pets for demonstrations, only into a store without any.
Status seed(PetStore&);

}  // namespace marty::petstore
