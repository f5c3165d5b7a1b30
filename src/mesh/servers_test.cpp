#include "mesh/servers.hpp"

#include <gtest/gtest.h>

namespace marty::mesh {
namespace {

TEST(Selector, LabelsAndExpressionsMustAllHold) {
  using Op = Selector::Operator;
  const Labels pod{{"app", "shop"}, {"version", "v1"}};
  const struct {
    Selector selector;
    bool matches;
  } table[] = {
      {{}, true},
      {{{{"app", "shop"}}, {}}, true},
      {{{{"app", "till"}}, {}}, false},
      {{{}, {{"version", Op::kIn, {"v1", "v2"}}}}, true},
      {{{}, {{"version", Op::kIn, {"v2"}}}}, false},
      {{{}, {{"tier", Op::kIn, {"x"}}}}, false},
      {{{}, {{"version", Op::kNotIn, {"v1"}}}}, false},
      {{{}, {{"tier", Op::kNotIn, {"x"}}}}, true},
      {{{}, {{"app", Op::kExists, {}}}}, true},
      {{{}, {{"tier", Op::kExists, {}}}}, false},
      {{{}, {{"app", Op::kDoesNotExist, {}}}}, false},
      {{{{"app", "shop"}}, {{"tier", Op::kDoesNotExist, {}}}}, true},
  };
  int row_number = 0;
  for (const auto& row : table) EXPECT_EQ(row.selector.matches(pod), row.matches) << row_number++;
}

}  // namespace
}  // namespace marty::mesh
