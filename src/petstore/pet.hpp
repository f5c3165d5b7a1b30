#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace marty::petstore {

/// 1 … 2^53 - 1, so that every JSON reader keeps it exactly.
using PetId = std::int64_t;
inline constexpr PetId kPetIdMax = (PetId{1} << 53) - 1;
/// Ids a client may choose with PUT. Higher ones are left to POST, which counts on from the largest id ever
/// used.
inline constexpr PetId kChosenPetIdMax = INT32_MAX;

inline constexpr std::size_t kNameBytesMax = 100;
inline constexpr std::size_t kTagBytesMax = 32;
inline constexpr std::size_t kTagsMax = 16;
inline constexpr int kPageLimitMax = 100;
inline constexpr int kPageLimitDefault = 20;
inline constexpr std::int64_t kPageOffsetMax = 1'000'000'000;

enum class PetStatus { kAvailable, kPending, kSold };
inline constexpr PetStatus kPetStatuses[] = {PetStatus::kAvailable, PetStatus::kPending, PetStatus::kSold};
std::string_view to_string(PetStatus);
std::optional<PetStatus> pet_status(std::string_view);

struct PetFields {
  std::string name;
  PetStatus status = PetStatus::kAvailable;
  std::vector<std::string> tags;
  friend bool operator==(const PetFields&, const PetFields&) = default;
};

struct Pet {
  PetId id = 0;
  PetFields fields;
  friend bool operator==(const Pet&, const Pet&) = default;
};

/// What is wrong with one field of a request, named as in its JSON or its query.
struct FieldError {
  std::string field, detail;
  friend bool operator==(const FieldError&, const FieldError&) = default;
};

/// Appends every rule the pet breaks: lengths, control characters, repeated tags.
void check(const PetFields&, std::vector<FieldError>& errors);

/// Digits only, within bounds; an empty result otherwise.
std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t min, std::int64_t max);

struct PageQuery {
  std::optional<PetStatus> status;
  int limit = kPageLimitDefault;
  std::int64_t offset = 0;
};

/// Reads "status=sold&limit=10" as sent (escapes included); appends every wrong, unknown or repeated
/// parameter.
PageQuery read_page_query(std::string_view query, std::vector<FieldError>& errors);

}  // namespace marty::petstore
