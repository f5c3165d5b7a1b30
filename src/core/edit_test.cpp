#include "core/edit.hpp"

#include <gtest/gtest.h>

namespace marty {
namespace {

TEST(ApplyFixes, KeepsEverythingElse) {
  struct Case {
    const char* name;
    std::string text;
    std::vector<Fix> fixes;
    std::string after;
    std::vector<bool> done;
  };
  const Case cases[] = {
      {"none", "a: b\n", {}, "a: b\n", {}},
      {"one word, comment kept", "a: b # why\n", {{{{1, 4}, 1}, "c"}}, "a: c # why\n", {true}},
      {"any order", "a: b\nc: d\n", {{{{2, 4}, 1}, "X"}, {{{1, 4}, 1}, "YY"}}, "a: YY\nc: X\n", {true, true}},
      {"overlap: the first wins", "abcd\n", {{{{1, 1}, 3}, "x"}, {{{1, 2}, 1}, "y"}}, "xd\n", {true, false}},
      {"characters, not bytes", "é: ü!\n", {{{{1, 4}, 1}, "u"}}, "é: u!\n", {true}},
      {"CRLF stays", "a: b\r\nc: d\r\n", {{{{2, 4}, 1}, "e"}}, "a: b\r\nc: e\r\n", {true}},
      {"insertion", "a: b\n", {{{{1, 1}, 0}, "x"}}, "xa: b\n", {true}},
      {"outside", "a: b\n", {{{{9, 1}, 1}, "x"}}, "a: b\n", {false}},
      {"never beyond the line", "ab\ncd\n", {{{{1, 2}, 9}, "X"}}, "aX\ncd\n", {true}},
  };
  for (const auto& c : cases) {
    std::vector<const Fix*> fixes;
    for (const auto& fix : c.fixes) fixes.push_back(&fix);
    const auto edited = apply_fixes(c.text, fixes);
    EXPECT_EQ(edited.text, c.after) << c.name;
    EXPECT_EQ(edited.done, c.done) << c.name;
  }
}

}  // namespace
}  // namespace marty
