#include "policy/path_normalize.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace marty::policy {
namespace {

TEST(PathNormalize, Table) {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"/a/../b", "/b"},
      {"/a/./b", "/a/b"},
      {"/a/.", "/a/"},
      {"/a/..", "/"},
      {"/a/b/..", "/a/"},
      {"/..", "/"},
      {"/../../x", "/x"},
      {"/a/%2e%2E/b", "/b"},
      {"/a/.%2e/b", "/b"},
      {"/a/%2e/b", "/a/b"},
      {"/a//../b", "/a/b"},
      {"/a//b", "/a//b"},
      {"//", "//"},
      {"/a\\b", "/a/b"},
      {"/a\\..\\b", "/b"},
      {"/%61%2D%5f%7E", "/a-_~"},
      {"/a%2fb", "/a%2fb"},
      {"/a%2Fb", "/a%2Fb"},
      {"/a%5cb", "/a%5cb"},
      {"/a%20b", "/a%20b"},
      {"/...", "/..."},
      {"/.hidden", "/.hidden"},
      {"/..hidden", "/..hidden"},
      {"/a/..;/b", "/a/..;/b"},
      {"/%2ehidden", "/.hidden"},
      {"/x%2e", "/x."},
      {"/a.b", "/a.b"},
      {"/%zz%", "/%zz%"},
      {"/%2", "/%2"},
      {"/%%300", "/%2500"},
      {"/%%30%30", "/%2500"},
      {"/a b\"<>{}|^`", "/a%20b%22%3C%3E%7B%7D%7C%5E%60"},
      {"/\xc3\xa4", "/%C3%A4"},
      {"/a/../b?x=/../y%2e", "/b?x=/../y%2e"},
      {"/a?x/../y", "/a?x/../y"},
      {"*", "*"},
      {"", ""},
  };
  for (const auto& [path, expected] : table) {
    std::string storage = "left over";
    EXPECT_EQ(normalize_path(path, storage), expected) << path;
  }
}

TEST(PathNormalize, RefusesNul) {
  std::string storage;
  for (const auto path : {std::string_view("/a%00b"), std::string_view("/%00"), std::string_view("/a\0b", 4)})
    EXPECT_EQ(normalize_path(path, storage), std::nullopt);
  EXPECT_EQ(normalize_path("/a?%00", storage), "/a?%00");
}

TEST(PathNormalize, ReturnsTheInputItselfWhenNothingChanges) {
  std::string storage;
  const std::string_view path = "/api/petstore-domain/pets.json?limit=10&x=%2e";
  const auto normal = normalize_path(path, storage);
  ASSERT_TRUE(normal);
  EXPECT_EQ(normal->data(), path.data());
  EXPECT_EQ(storage.capacity(), std::string().capacity());
}

// All strings up to length 7 over the characters that matter: the result is stable under a second pass,
// starts with '/', and has no dot segment left.
TEST(PathNormalize, ExhaustiveIsIdempotentAndLeavesNoDotSegment) {
  constexpr std::string_view kAlphabet = "/.%2e\\a";
  std::string first, second;
  for (std::size_t length = 0; length <= 7; ++length) {
    std::vector<std::size_t> digits(length);
    for (;;) {
      std::string path = "/";
      for (const auto d : digits) path += kAlphabet[d];
      const auto once = normalize_path(path, first);
      ASSERT_TRUE(once && once->starts_with('/')) << path;
      for (const std::string_view bad : {"/./", "/../"}) ASSERT_EQ(once->find(bad), once->npos) << path;
      ASSERT_FALSE(once->ends_with("/.") || once->ends_with("/..")) << path;
      ASSERT_EQ(once->find('\\'), once->npos) << path;
      ASSERT_EQ(normalize_path(*once, second), *once) << path;
      std::size_t i = 0;
      while (i < length && ++digits[i] == kAlphabet.size()) digits[i++] = 0;
      if (i == length) break;
    }
  }
}

}  // namespace
}  // namespace marty::policy
