#include "petstore/pet_json.hpp"

#include <gtest/gtest.h>

namespace marty::petstore {
namespace {

std::string fields_of(const PetReading& reading) {
  std::string out;
  for (const FieldError& error : reading.errors) out += error.field + " ";
  return out;
}

const Pet kRex{7, {"Rex", PetStatus::kPending, {"dog", "big"}}};

TEST(PetJson, WhatIsWrittenIsReadBack) {
  for (PetForm form : {PetForm::kPlain, PetForm::kWithSelf}) {
    const PetReading reading = read_pet(write_pet(kRex, form), 7);
    EXPECT_EQ(fields_of(reading), "");
    EXPECT_EQ(reading.fields, kRex.fields);
  }
  EXPECT_EQ(write_pet(kRex, PetForm::kPlain),
            R"({"id":7,"name":"Rex","status":"pending","tags":["dog","big"]})");
  EXPECT_EQ(
      write_page({{kRex}, 9}, {.limit = 1, .offset = 2}, PetForm::kPlain),
      R"({"items":[{"id":7,"name":"Rex","status":"pending","tags":["dog","big"]}],"total":9,"limit":1,"offset":2})");
}

TEST(PetJson, EveryWrongFieldIsNamed) {
  const std::pair<std::string, std::string> rows[] = {
      {R"({"name":"a"})", ""},
      {R"({"name":"a","id":7})", ""},
      {R"({"name":"a","id":8})", "id "},
      {R"({"name":"a","id":"7"})", "id "},
      {R"({"name":"a","id":7.5})", "id "},
      {R"({})", "name "},
      {R"({"name":1})", "name "},
      {R"({"name":""})", "name "},
      {R"({"colour":1,"name":null,"status":"x","tags":1})", "colour name status tags "},
      {R"({"name":"a","tags":["a",1,"a"]})", "tags[1] "},
      {R"({"name":"a","tags":["a","b","a"]})", "tags[2] "},
      {R"([])", " "},
      {R"(7)", " "},
      {R"()", " "},
      {R"({"name":"a")", " "},
      {R"({"name":"a"} x)", " "},
      {"{\"name\":\"\xff\"}", " "},
  };
  for (const auto& [body, wrong] : rows) EXPECT_EQ(fields_of(read_pet(body, 7)), wrong) << body;
  EXPECT_EQ(fields_of(read_pet(R"({"name":"a","id":7})", std::nullopt)), "id ");
}

TEST(PetJson, HostileBodiesStayCheap) {
  const std::string deep = [] {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += R"({"a":)";
    return text + "1" + std::string(5000, '}');
  }();
  EXPECT_EQ(fields_of(read_pet(deep, 7)), " ");
  EXPECT_EQ(fields_of(read_patch(deep, kRex)), " ");
  EXPECT_EQ(fields_of(read_pet(std::string(30'000, '['), 7)), " ");
  std::string wide = R"({"name":"a")";
  for (int i = 0; i < 5000; ++i) wide += ",\"f" + std::to_string(i) + "\":0";
  EXPECT_EQ(read_pet(wide + "}", 7).errors.size(), 50u);
}

TEST(PetJson, MergePatches) {
  struct Row {
    std::string patch, wrong;
    PetFields result;
  };
  const Row rows[] = {
      {R"({})", "", kRex.fields},
      {R"({"status":"sold"})", "", {"Rex", PetStatus::kSold, {"dog", "big"}}},
      {R"({"tags":null,"status":null})", "", {"Rex", PetStatus::kAvailable, {}}},
      {R"({"tags":["x"]})", "", {"Rex", PetStatus::kPending, {"x"}}},
      {R"({"name":null})", "name ", {}},
      {R"({"id":8})", "id ", {}},
      {R"({"id":null})", "", kRex.fields},
      {R"({"size":null})", "", kRex.fields},
      {R"({"size":1})", "size ", {}},
      {R"("x")", " ", {}},
  };
  for (const Row& row : rows) {
    const PetReading reading = read_patch(row.patch, kRex);
    EXPECT_EQ(fields_of(reading), row.wrong) << row.patch;
    if (!row.wrong.empty()) continue;
    EXPECT_EQ(reading.fields, row.result) << row.patch;
  }
}

TEST(PetJson, ProblemsAreJsonWhateverTheNames) {
  EXPECT_EQ(write_problem(404, "gone", {}),
            R"({"type":"about:blank","title":"Not Found","status":404,"detail":"gone"})");
  EXPECT_NE(write_problem(400, "x", {{"\xff", "y"}}).find(R"([{"field":"�","detail":"y"}])"),
            std::string::npos);
}

}  // namespace
}  // namespace marty::petstore
