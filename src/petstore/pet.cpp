#include "petstore/pet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace marty::petstore {
namespace {

constexpr std::string_view kStatusNames[] = {"available", "pending", "sold"};

void check_text(std::string_view text, std::size_t bytes_max, const std::string& field,
                std::vector<FieldError>& errors) {
  if (text.empty()) errors.push_back({field, "must not be empty"});
  if (text.size() > bytes_max) errors.push_back({field, fmt::format("must be at most {} bytes", bytes_max)});
  const bool has_control =
      std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
  if (has_control) errors.push_back({field, "must not contain control characters"});
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    unsigned char byte = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const char* const end = text.data() + i + 3;
    if (std::from_chars(text.data() + i + 1, end, byte, 16).ptr != end) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

void read_parameter(const std::string& name, const std::string& value, PageQuery& out,
                    std::vector<FieldError>& errors) {
  if (name == "status") {
    out.status = pet_status(value);
    if (!out.status) errors.push_back({name, "must be available, pending or sold"});
  } else if (name == "limit") {
    const auto limit = whole_number(value, 1, kPageLimitMax);
    if (!limit) errors.push_back({name, fmt::format("must be a whole number from 1 to {}", kPageLimitMax)});
    out.limit = static_cast<int>(limit.value_or(kPageLimitDefault));
  } else if (name == "offset") {
    const auto offset = whole_number(value, 0, kPageOffsetMax);
    if (!offset) errors.push_back({name, fmt::format("must be a whole number from 0 to {}", kPageOffsetMax)});
    out.offset = offset.value_or(0);
  } else {
    errors.push_back({name, "is no parameter here; known are status, limit and offset"});
  }
}

}  // namespace

std::string_view to_string(PetStatus status) { return kStatusNames[static_cast<std::size_t>(status)]; }

std::optional<PetStatus> pet_status(std::string_view text) {
  for (PetStatus status : kPetStatuses) {
    if (to_string(status) == text) return status;
  }
  return std::nullopt;
}

void check(const PetFields& pet, std::vector<FieldError>& errors) {
  check_text(pet.name, kNameBytesMax, "name", errors);
  if (pet.tags.size() > kTagsMax)
    errors.push_back({"tags", fmt::format("must be at most {} tags", kTagsMax)});
  for (std::size_t i = 0; i < std::min(pet.tags.size(), kTagsMax); ++i) {
    const std::string field = fmt::format("tags[{}]", i);
    check_text(pet.tags[i], kTagBytesMax, field, errors);
    const auto end = pet.tags.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(pet.tags.begin(), end, pet.tags[i]) != end) errors.push_back({field, "is there twice"});
  }
}

std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t min, std::int64_t max) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || text.front() == '-' || stopped != end || error != std::errc{}) return std::nullopt;
  return number >= min && number <= max ? std::optional(number) : std::nullopt;
}

PageQuery read_page_query(std::string_view query, std::vector<FieldError>& errors) {
  PageQuery out;
  std::vector<std::string> seen;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = unescape(pair.substr(0, equals));
    const auto value = unescape(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value) {
      errors.push_back({std::string(pair.substr(0, equals)), "has a broken %-escape"});
    } else if (std::ranges::find(seen, *name) != seen.end()) {
      errors.push_back({*name, "is given twice"});
    } else {
      seen.push_back(*name);
      read_parameter(*name, *value, out, errors);
    }
  }
  return out;
}

}  // namespace marty::petstore
