#include "rules/suppression.hpp"

#include <gtest/gtest.h>

namespace marty::rules {
namespace {

constexpr const char* kRule = "two-virtual-services-one-host";

/// A finding of that rule in line 2 of the text; what is left of it.
struct Case {
  const char* name;
  const char* text;
  const char* today;
  std::vector<std::string> left;
};

TEST(Suppression, CommentsBesideAndAbove) {
  const Case cases[] = {
      {"nothing said", "a: 1\nb: 2\n", "2026-01-01", {kRule}},
      {"on the line",
       "a: 1\nb: 2 # marty:ignore two-virtual-services-one-host kept for now\n",
       "2026-01-01",
       {}},
      {"above", "# marty:ignore two-virtual-services-one-host kept for now\nb: 2\n", "2026-01-01", {}},
      {"every rule", "a: 1\nb: 2 # marty:ignore * generated\n", "2026-01-01", {}},
      {"another rule", "a: 1\nb: 2 # marty:ignore unknown-field why not\n", "2026-01-01", {kRule}},
      {"no reason",
       "a: 1\nb: 2 # marty:ignore two-virtual-services-one-host\n",
       "2026-01-01",
       {kRule, "bad-ignore"}},
      {"last day", "a: 1\nb: 2 # marty:ignore * until=2026-03-01 soon\n", "2026-03-01", {}},
      {"a day later",
       "a: 1\nb: 2 # marty:ignore * until=2026-03-01 soon\n",
       "2026-03-02",
       {kRule, "bad-ignore"}},
      {"no day", "a: 1\nb: 2 # marty:ignore * until=spring soon\n", "2026-01-01", {kRule, "bad-ignore"}},
      {"no comment above", "# marty:ignore * why\n\n", "2026-01-01", {}},
  };
  for (const auto& c : cases) {
    SourceMap sources;
    const auto file = sources.add("a.yaml", c.text);
    Diagnostics found;
    found.warning(kRule, {{2, 1, file}, 1}, "x");
    suppress(found, {}, sources, c.today);
    std::vector<std::string> left;
    for (const auto& finding : found.all()) left.push_back(finding.rule);
    EXPECT_EQ(left, c.left) << c.name;
  }
}

TEST(Suppression, ConfigSetsSeveritiesAndIgnoresByPathAndObject) {
  SourceMap sources;
  const auto file = sources.add("shop/k8s/a.yaml", "a: 1\nb: 2\n");
  Diagnostics found;
  const auto config = read_config(R"(
severity: {two-virtual-services-one-host: info}
ignore:
- {rule: "*", path: k8s/a.yaml, object: Service/pets, reason: legacy}
)",
                                  sources.add(".marty.yaml", ""), found);
  ASSERT_TRUE(found.all().empty()) << render(found.all()[0], sources);
  found.error(kRule, {{1, 1, file}, 1}, "one");
  found.error(kRule, {{2, 1, file}, 1}, "two").object = {"v1", "Service", "shop", "pets"};
  EXPECT_EQ(suppress(found, config, sources, "2026-01-01"), 1u);
  ASSERT_EQ(found.all().size(), 1u);
  EXPECT_EQ(found.all()[0].message, "one");
  EXPECT_EQ(found.all()[0].severity, Severity::kInfo);
}

TEST(Suppression, AConfigWithAnUnknownRuleOrWithoutReasonIsFound) {
  SourceMap sources;
  Diagnostics found;
  const char* text = "ignore:\n- {rule: two-virtual-service-one-host}\n";
  read_config(text, sources.add(".marty.yaml", text), found);
  EXPECT_EQ(found.all().size(), 2u);
}

}  // namespace
}  // namespace marty::rules
