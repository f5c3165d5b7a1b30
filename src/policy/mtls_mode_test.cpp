#include "policy/mtls_mode.hpp"

#include <gtest/gtest.h>

namespace marty::policy {
namespace {

using enum MtlsMode;
constexpr MtlsMode kModes[] = {kUnset, kDisable, kPermissive, kStrict};

MtlsPolicy policy(std::string ns, std::uint32_t line, MtlsMode mode,
                  std::map<std::string, std::string> selector = {}) {
  MtlsPolicy p;
  p.ns = std::move(ns);
  p.selector = std::move(selector);
  p.mode = {mode, {line, 1, 0}};
  return p;
}
Sourced<MtlsMode> effective(const std::vector<MtlsPolicy>& policies, std::uint16_t port = 8080) {
  return effective_mtls(policies, "shop", {{"app", "pets"}, {"version", "v1"}}, port);
}

TEST(MtlsMode, NobodySaysAnything) {
  EXPECT_EQ(*effective({}), kPermissive);
  EXPECT_FALSE(effective({}).written());
}

// Every combination of modes at mesh, namespace, workload and port level: the innermost that is set decides,
// and its line is the answer's origin.
TEST(MtlsMode, InnermostSetLevelDecides) {
  for (const auto mesh : kModes) {
    for (const auto space : kModes) {
      for (const auto workload : kModes) {
        for (const auto port : kModes) {
          auto selecting = policy("shop", 3, workload, {{"app", "pets"}});
          selecting.ports[8080] = {port, {4, 1, 0}};
          const auto found =
              effective({policy("istio-system", 1, mesh), policy("shop", 2, space), selecting});
          const std::pair<MtlsMode, std::uint32_t> levels[] = {
              {port, 4}, {workload, 3}, {space, 2}, {mesh, 1}};
          std::pair<MtlsMode, std::uint32_t> expected{kPermissive, 0};
          for (const auto& level : levels) {
            if (level.first == kUnset) continue;
            expected = level;
            break;
          }
          ASSERT_EQ(*found, expected.first);
          ASSERT_EQ(found.origin.line, expected.second);
        }
      }
    }
  }
}

TEST(MtlsMode, OtherNamespacesAndLabelsDoNotCount) {
  EXPECT_EQ(*effective({policy("other", 1, kStrict)}), kPermissive);
  EXPECT_EQ(*effective({policy("shop", 1, kStrict, {{"app", "cats"}})}), kPermissive);
  EXPECT_EQ(*effective({policy("shop", 1, kStrict, {{"app", "pets"}, {"tier", "x"}})}), kPermissive);
  EXPECT_EQ(*effective({policy("shop", 1, kStrict, {{"app", "pets"}, {"version", "v1"}})}), kStrict);
}

TEST(MtlsMode, RootNamespaceSelectorsAreIgnored) {
  EXPECT_EQ(*effective({policy("istio-system", 1, kStrict, {{"app", "pets"}})}), kPermissive);
  EXPECT_EQ(*effective_mtls({policy("root", 1, kStrict)}, "shop", {}, 80, "root"), kStrict);
}

TEST(MtlsMode, FirstOfAScopeWinsEvenWhenUnset) {
  EXPECT_EQ(*effective({policy("shop", 1, kStrict), policy("shop", 2, kDisable)}), kStrict);
  EXPECT_EQ(*effective(
                {policy("istio-system", 1, kStrict), policy("shop", 2, kUnset), policy("shop", 3, kDisable)}),
            kStrict);
}

TEST(MtlsMode, PortLevelNeedsItsPortAndASelector) {
  auto selecting = policy("shop", 1, kStrict, {{"app", "pets"}});
  selecting.ports[9000] = {kDisable, {2, 1, 0}};
  EXPECT_EQ(*effective({selecting}, 9000), kDisable);
  EXPECT_EQ(*effective({selecting}, 8080), kStrict);
  auto whole = policy("shop", 1, kStrict);
  whole.ports[9000] = {kDisable, {2, 1, 0}};
  EXPECT_EQ(*effective({whole}, 9000), kStrict);
}

}  // namespace
}  // namespace marty::policy
