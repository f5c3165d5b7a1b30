#include "rules/path_shape.hpp"

#include <gtest/gtest.h>

namespace marty::rules {
namespace {

struct Row {
  PathShape shape;
  std::string_view operation;
  bool meets;
};

TEST(PathShape, TellsWhetherAPatternCanMeetAnOperation) {
  const Row rows[] = {
      {PathShape::exact("/pets"), "/pets", true},
      {PathShape::exact("/pets/7"), "/pets/{id}", true},
      {PathShape::exact("/pets/7/photos"), "/pets/{id}", false},
      {PathShape::exact("/pets/"), "/pets/{id}", false},
      {PathShape::exact("/a-b"), "/{from}-{to}", true},
      {PathShape::prefix("/pe"), "/pets/{id}", true},
      {PathShape::prefix("/pets/7/"), "/pets/{id}/photos", true},
      {PathShape::prefix("/orders"), "/pets/{id}", false},
      {PathShape::segments("/pets"), "/pets/{id}", true},
      {PathShape::segments("/pets/"), "/pets", true},
      {PathShape::segments("/pets"), "/petshop", false},
      {PathShape::segments("/"), "/petshop", true},
      {PathShape::istio("*"), "/pets", true},
      {PathShape::istio("*/photos"), "/pets/{id}/photos", true},
      {PathShape::istio("*/photos"), "/pets", false},
      {PathShape::istio("/pets/*"), "/pets", false},
      {PathShape::istio("/pets/{*}/photos"), "/pets/{id}/photos", true},
      {PathShape::istio("/pets/{*}"), "/pets/{id}/photos", false},
      {PathShape::istio("/pets/{**}"), "/pets/{id}/photos", true},
      {PathShape::regex("/pets/[^/]+"), "/pets/{id}", true},
      {PathShape::regex("^/pets/[^/]*$"), "/pets/{id}/photos", false},
      {PathShape::regex("/pets/.*"), "/pets/{id}/photos", true},
      {PathShape::regex("/pets/\\d{1,4}"), "/pets/{id}", true},
      {PathShape::regex("/pets\\.json"), "/pets", false},
      {PathShape::regex("/v[0-9]+/pets"), "/v2/pets", true},
      {PathShape::regex("/v[0-9]+/pets"), "/pets", false},
      {PathShape::regex("/(api/)?pets"), "/pets", true},
      {PathShape::regex("/pets|/orders"), "/orders", true},
      {PathShape::regex("/x?pets"), "/pets", true},
      {PathShape::exact("/PETS").ignore_case(), "/pets", true},
      {PathShape::exact("/PETS"), "/pets", false},
  };
  for (const auto& row : rows) {
    const auto at = &row - rows;
    EXPECT_EQ(meet(row.shape, PathShape::openapi(row.operation)), row.meets) << at << " " << row.operation;
    EXPECT_EQ(meet(PathShape::openapi(row.operation), row.shape), row.meets) << at << " " << row.operation;
  }
  EXPECT_TRUE(meet(PathShape::exact("/v1/pets"), PathShape::openapi("/pets", true)));
}

}  // namespace
}  // namespace marty::rules
