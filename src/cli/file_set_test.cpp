#include "cli/file_set.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "cli/test_world.hpp"

namespace marty::cli {
namespace {

using Names = std::vector<std::string>;

TEST(FileSet, WritesWhatIsNewOrChangedAndLeavesTheRest) {
  TestWorld test;
  test.put("tree/same.yaml", "same\n");
  test.put("tree/old.yaml", "old\n");
  const auto at = test.directory() + "/tree/";
  const std::vector<WantedFile> wanted{{at + "same.yaml", "same\n", {}},
                                       {at + "old.yaml", "new\n", {}},
                                       {at + "deep/er/more.yaml", "more\n", {}},
                                       {at + "link.yaml", {}, "deep/er/more.yaml"}};
  auto files = compare(wanted);
  ASSERT_TRUE(files);
  std::vector<Change> changes;
  for (const auto& one : *files) changes.push_back(one.change);
  EXPECT_EQ(changes, (std::vector{Change::kUnchanged, Change::kChanged, Change::kNew, Change::kNew}));
  EXPECT_EQ((*files)[1].before, "old\n");

  ASSERT_TRUE(write(*files));
  EXPECT_EQ(test.files(),
            (Names{"tree/deep/er/more.yaml", "tree/link.yaml", "tree/old.yaml", "tree/same.yaml"}));
  EXPECT_EQ(test.get("tree/old.yaml"), "new\n");
  EXPECT_EQ(test.get("tree/link.yaml"), "more\n");
  files = compare(wanted);
  ASSERT_TRUE(files);
  for (const auto& one : *files) EXPECT_EQ(one.change, Change::kUnchanged) << one.file.path;
}

TEST(FileSet, AFileTakesThePlaceOfALinkNotOfItsTarget) {
  TestWorld test;
  test.put("elsewhere.yaml", "not ours\n");
  std::filesystem::create_symlink("elsewhere.yaml", test.directory() + "/ours.yaml");
  auto files = compare({{test.directory() + "/ours.yaml", "ours\n", {}}});
  ASSERT_TRUE(files);
  ASSERT_TRUE(write(*files));
  EXPECT_EQ(test.get("ours.yaml"), "ours\n");
  EXPECT_EQ(test.get("elsewhere.yaml"), "not ours\n");
}

TEST(FileSet, AllOrNothing) {
  TestWorld test;
  test.put("tree/first.yaml", "old\n");
  test.put("tree/blocked", "a file where a folder has to be\n");
  const auto at = test.directory() + "/tree/";
  auto files = compare({{at + "first.yaml", "new\n", {}}});
  ASSERT_TRUE(files);
  files->push_back({{at + "blocked/second.yaml", "new\n", {}}, Change::kNew, {}});
  auto status = write(*files);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().text.find("tree/blocked"), std::string::npos) << status.error().text;
  EXPECT_EQ(test.get("tree/first.yaml"), "old\n");
  EXPECT_EQ(test.files(), (Names{"tree/blocked", "tree/first.yaml"}));
}

TEST(FileSet, ADirectoryIsNeverReplaced) {
  TestWorld test;
  test.put("here/is.yaml/a-folder", "");
  auto files = compare({{test.directory() + "/here/is.yaml", "text\n", {}}});
  EXPECT_FALSE(files);
}

std::string numbered(int from, int to, int changed) {
  std::string text;
  for (int i = from; i <= to; ++i) text += (i == changed ? "changed " : "line ") + std::to_string(i) + "\n";
  return text;
}

TEST(UnifiedDiff, ShowsTheChangeWithItsSurroundings) {
  EXPECT_EQ(unified_diff("x", "same\n", "same\n"), "");
  EXPECT_EQ(unified_diff("x", "", "a\nb\n"), "--- x\n+++ x\n@@ -0,0 +1,2 @@\n+a\n+b\n");
  EXPECT_EQ(unified_diff("x", "a\n", ""), "--- x\n+++ x\n@@ -1,1 +0,0 @@\n-a\n");
  EXPECT_EQ(
      unified_diff("x", numbered(1, 20, 0), numbered(1, 20, 10)),
      "--- x\n+++ x\n@@ -7,7 +7,7 @@\n line 7\n line 8\n line 9\n-line 10\n+changed 10\n line 11\n line 12\n"
      " line 13\n");
}

TEST(UnifiedDiff, FarChangesHaveTheirOwnPart) {
  const auto diff = unified_diff("x", numbered(1, 40, 2), numbered(1, 40, 30));
  EXPECT_NE(diff.find("@@ -1,5 +1,5 @@"), std::string::npos) << diff;
  EXPECT_NE(diff.find("@@ -27,7 +27,7 @@"), std::string::npos) << diff;
}

}  // namespace
}  // namespace marty::cli
