#include "cli/findings.hpp"

#include <gtest/gtest.h>

#include "cli/test_world.hpp"

namespace marty::cli {
namespace {

Findings two_findings() {
  Findings findings;
  const auto file = findings.sources.add("dir/rule, one.yaml", "kind: A\nspec:\n  hots: x\n");
  findings.found.warning("late-host", {{1, 7, file}, 1}, "100% of it:\nodd");
  auto& error = findings.found.error("unknown-field", {{3, 3, file}, 4}, "unknown field 'hots'");
  error.object = {"v1", "A", "shop", "a"};
  error.field = "spec.hots";
  error.notes.push_back({{}, "did you mean 'host'?"});
  error.fix = Fix{{{3, 3, file}, 4}, "host"};
  findings.checked = 1;
  findings.skipped = 2;
  return findings;
}

TEST(Findings, TableShowsTheLineWorstFirst) {
  TestWorld test;
  auto findings = two_findings();
  print(test.world, "table", findings);
  EXPECT_EQ(
      test.out.find("dir/rule, one.yaml:3:3: error: unknown field 'hots' [unknown-field]\n  3 |   hots: x\n"),
      0u)
      << test.out;
  EXPECT_NE(test.out.find("warning: 100% of it"), std::string::npos);
  EXPECT_EQ(test.err, "1 error, 1 warning in 1 object; 2 documents skipped: not Kubernetes objects\n");
}

TEST(Findings, JsonIsAsDocumented) {
  TestWorld test;
  auto findings = two_findings();
  findings.found.all().erase(findings.found.all().begin());
  print(test.world, "json", findings);
  EXPECT_EQ(test.out, R"({
  "schema": "marty/v1",
  "findings": [
    {
      "rule": "unknown-field",
      "severity": "error",
      "message": "unknown field 'hots'",
      "file": "dir/rule, one.yaml",
      "line": 3,
      "column": 3,
      "endLine": 3,
      "endColumn": 7,
      "object": {
        "apiVersion": "v1",
        "kind": "A",
        "namespace": "shop",
        "name": "a"
      },
      "field": "spec.hots",
      "notes": [
        {
          "text": "did you mean 'host'?",
          "file": null,
          "line": null,
          "column": null,
          "endLine": null,
          "endColumn": null
        }
      ],
      "fix": {
        "replacement": "host",
        "file": "dir/rule, one.yaml",
        "line": 3,
        "column": 3,
        "endLine": 3,
        "endColumn": 7
      },
      "peers": [
        "IST0106",
        "VAL",
        "KL-schema-validation"
      ]
    }
  ],
  "checked": 1,
  "skipped": 2
}
)");
  EXPECT_EQ(test.err, "");
}

TEST(Findings, GithubEscapesWhatWouldEndACommand) {
  TestWorld test;
  auto findings = two_findings();
  print(test.world, "github", findings);
  EXPECT_EQ(
      test.out,
      "::error file=dir/rule%2C one.yaml,line=3,col=3,endColumn=7,title=unknown-field::unknown field 'hots'"
      "%0Adid you mean 'host'?\n"
      "::warning file=dir/rule%2C one.yaml,line=1,col=7,endColumn=8,title=late-host::100%25 of it:%0Aodd\n");
}

TEST(Findings, ExitCodes) {
  struct Case {
    bool error, warning;
    std::size_t checked;
    bool complete;
    const char* fail_on;
    int code;
  };
  for (const Case& c : {Case{false, false, 1, true, "error", 0}, Case{false, true, 1, true, "error", 0},
                        Case{false, true, 1, true, "warning", 1}, Case{true, false, 1, true, "error", 1},
                        Case{true, false, 1, true, "warning", 1}, Case{false, false, 0, true, "error", 3},
                        Case{true, false, 0, true, "error", 3}, Case{false, false, 1, false, "error", 3},
                        Case{true, true, 1, false, "warning", 3}}) {
    Findings findings;
    if (c.error) findings.found.error("e", {}, "e");
    if (c.warning) findings.found.warning("w", {}, "w");
    findings.checked = c.checked;
    findings.complete = c.complete;
    EXPECT_EQ(exit_code_of(findings, c.fail_on), c.code);
  }
}

TEST(Findings, NoUtf8IsStillJson) {
  Findings findings;
  findings.found.error("e", {}, "bad \xff byte");
  EXPECT_NE(formats::json.text(findings, Color::kNo).find("bad \xef\xbf\xbd byte"), std::string::npos);
}

}  // namespace
}  // namespace marty::cli
