#include "petstore/pet.hpp"

#include <gtest/gtest.h>

namespace marty::petstore {
namespace {

std::string fields_of(const std::vector<FieldError>& errors) {
  std::string out;
  for (const FieldError& error : errors) out += error.field + " ";
  return out;
}

TEST(Pet, RulesAreAllReported) {
  struct Row {
    PetFields pet;
    std::string wrong;
  };
  const Row rows[] = {
      {{.name = "Rex"}, ""},
      {{.name = std::string(kNameBytesMax, 'x'), .tags = {"a", "b"}}, ""},
      {{.name = ""}, "name "},
      {{.name = std::string(kNameBytesMax + 1, 'x')}, "name "},
      {{.name = "a\nb", .tags = {"", std::string(kTagBytesMax + 1, 't'), "x", "x"}},
       "name tags[0] tags[1] tags[3] "},
      {{.name = "a\x7f"}, "name "},
      {{.name = "J\xc3\xbcrgen"}, ""},
  };
  for (const Row& row : rows) {
    std::vector<FieldError> errors;
    check(row.pet, errors);
    EXPECT_EQ(fields_of(errors), row.wrong) << row.pet.name;
  }
  PetFields many{.name = "x"};
  for (std::size_t i = 0; i <= kTagsMax; ++i) many.tags.push_back(std::to_string(i));
  std::vector<FieldError> errors;
  check(many, errors);
  EXPECT_EQ(fields_of(errors), "tags ");
}

TEST(Pet, StatusNamesGoBothWays) {
  for (PetStatus status : kPetStatuses) EXPECT_EQ(pet_status(to_string(status)), status);
  EXPECT_EQ(pet_status("Sold"), std::nullopt);
}

TEST(Pet, PageQueries) {
  std::vector<FieldError> errors;
  const PageQuery query = read_page_query("status=s%6fld&limit=100&&offset=7", errors);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(query.status, PetStatus::kSold);
  EXPECT_EQ(query.limit, 100);
  EXPECT_EQ(query.offset, 7);
  EXPECT_EQ(read_page_query("", errors).limit, kPageLimitDefault);
  EXPECT_TRUE(errors.empty());
}

TEST(Pet, EveryWrongParameterIsNamed) {
  for (const char* query : {"limit=0", "limit=101", "limit=", "limit=-1", "limit=+1", "limit=1x", "limit",
                            "limit=%31%", "limit=%zz", "limit=1&limit=1", "limit=99999999999999999999"}) {
    std::vector<FieldError> errors;
    read_page_query(query, errors);
    EXPECT_EQ(fields_of(errors), "limit ") << query;
  }
  std::vector<FieldError> errors;
  read_page_query("status=gone&limit=0&offset=-1&colour=red", errors);
  EXPECT_EQ(fields_of(errors), "status limit offset colour ");
}

}  // namespace
}  // namespace marty::petstore
