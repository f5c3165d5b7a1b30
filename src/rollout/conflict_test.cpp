#include "rollout/conflict.hpp"

#include <gtest/gtest.h>

namespace marty::rollout {
namespace {

using Fields = std::vector<std::string>;

TEST(Conflicts, OneFieldOfOneManager) {
  const auto all = parse_conflicts(
      "error: Apply failed with 1 conflict: conflict with \"kubectl\" with subresource \"scale\" using "
      "apps/v1: "
      ".spec.replicas\nPlease review the fields above--they currently have other managers. Here\n");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].manager, "kubectl");
  EXPECT_EQ(all[0].since, "with subresource \"scale\" using apps/v1");
  EXPECT_EQ(all[0].fields, Fields{".spec.replicas"});
}

TEST(Conflicts, SeveralManagersWithSeveralFieldsAndTimes) {
  const auto all = parse_conflicts(
      "error: Apply failed with 3 conflicts: conflicts with \"helm\" using v1 at 2025-01-02T03:04:05Z:\n"
      "- .spec.ports\n- .metadata.labels.app\nconflicts with \"operator\":\n- .spec.type\nPlease review the "
      "fields\n"
      "- .not.a.field\n");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].manager, "helm");
  EXPECT_EQ(all[0].since, "using v1 at 2025-01-02T03:04:05Z");
  EXPECT_EQ(all[0].fields, (Fields{".spec.ports", ".metadata.labels.app"}));
  EXPECT_EQ(all[1].manager, "operator");
  EXPECT_EQ(all[1].fields, Fields{".spec.type"});
}

TEST(Conflicts, OtherTroubleIsNone) {
  EXPECT_TRUE(parse_conflicts("").empty());
  EXPECT_TRUE(parse_conflicts("Error from server (Conflict): the object has been modified").empty());
  EXPECT_TRUE(parse_conflicts("error: Apply failed with 1 conflict: conflict with \"unended").empty());
}

}  // namespace
}  // namespace marty::rollout
