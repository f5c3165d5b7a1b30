#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "monitoring/dashboard.hpp"
#include "monitoring/monitoring.hpp"
#include "monitoring/test_shop.hpp"

namespace marty::monitoring {
namespace {

using telemetry::MetricMesh;
using telemetry::MetricType;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == ':'; }

/// A metric as a query uses it.
struct Use {
  std::string name, function;
  std::vector<std::string> labels;
};

/// The selectors in a query, read by its letters alone and not by the code that wrote it: a word before a
/// "{" is a metric, the word and "(" before it its function, and each label is followed by = or ! or ~.
std::vector<Use> uses(std::string_view query) {
  std::vector<Use> found;
  for (auto open = query.find('{'); open != query.npos;) {
    Use use;
    auto at = open;
    while (at > 0 && is_word(query[at - 1])) use.name.insert(use.name.begin(), query[--at]);
    if (at > 0 && query[at - 1] == '(')
      for (--at; at > 0 && is_word(query[at - 1]);) use.function.insert(use.function.begin(), query[--at]);
    auto i = open + 1;
    while (query[i] != '}') {
      std::string label;
      while (is_word(query[i])) label += query[i++];
      use.labels.push_back(label);
      i = query.find('"', query.find('"', i) + 1) + 1;
      if (query[i] == ',') ++i;
    }
    found.push_back(std::move(use));
    open = query.find('{', i);
  }
  return found;
}

MetricMesh table_of(mesh::MeshKind mesh) {
  return mesh == mesh::MeshKind::kIstio ? MetricMesh::kIstio : MetricMesh::kLinkerd;
}

std::vector<std::string> all_expressions(const mesh::PolicyFile& file, mesh::MeshKind mesh) {
  auto all = dashboard_expressions(file, mesh);
  for (const auto& group : rule_groups(file, mesh))
    for (const auto& rule : group.rules) all.push_back(rule.expression);
  return all;
}

TEST(Expressions, TheReaderOfThisTestReads) {
  const auto found = uses("sum by (a) (rate(x_total{a=\"1\",b=~\"{.*}\"}[1m])) / (service:y{c!=\"d\"} > 0)");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].name, "x_total");
  EXPECT_EQ(found[0].function, "rate");
  EXPECT_EQ(found[0].labels, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(found[1].name, "service:y");
}

TEST(Expressions, OnlyWhatTheMeshExportsOrWeRecord) {
  for (const auto& [file, mesh] : shops()) {
    std::set<std::string> records, labels_of_records{"caller", "to", "limit"};
    for (const auto& [label, value] : recorded_labels(file, mesh)) labels_of_records.insert(label);
    for (const auto& group : rule_groups(file, mesh))
      for (const auto& rule : group.rules) records.insert(rule.record);
    std::size_t seen = 0;
    for (const auto& expression : all_expressions(file, mesh)) {
      for (const auto& use : uses(expression)) {
        ++seen;
        const bool recorded = use.name.find(':') != use.name.npos;
        const auto found = telemetry::find_metric(use.name, table_of(mesh));
        EXPECT_TRUE(recorded ? records.count(use.name) == 1 : found.row != nullptr) << use.name << "\n"
                                                                                    << expression;
        for (const auto& label : use.labels) {
          const bool ours = std::ranges::count(added_labels(), label) > 0;
          EXPECT_TRUE(recorded ? labels_of_records.count(label) == 1
                               : ours || telemetry::may_carry(use.name, table_of(mesh), label))
              << label << " of " << use.name;
        }
        if (recorded || !found.row) continue;
        EXPECT_EQ(use.function, found.row->type == MetricType::kGauge ? "max_over_time" : "rate")
            << expression;
      }
    }
    EXPECT_GT(seen, 100u);
  }
}

TEST(Expressions, OneSideOfTheMeshOnly) {
  for (const auto& [file, mesh] : shops()) {
    for (const auto& expression : all_expressions(file, mesh)) {
      for (const auto& use : uses(expression)) {
        for (const std::string side : {"reporter", "direction"}) {
          const auto* row = telemetry::find_metric(use.name, table_of(mesh)).row;
          if (!row || !row->has_label(side)) continue;
          EXPECT_EQ(std::ranges::count(use.labels, side), 1) << use.name << " counts twice\n" << expression;
        }
      }
    }
  }
}

TEST(Expressions, TheAnnotationAsksForAllThatEnvoyHides) {
  const auto asked = proxy_stats_matcher("");
  for (const auto& expression : all_expressions(shop(), mesh::MeshKind::kIstio)) {
    for (const auto& use : uses(expression)) {
      const auto* row = telemetry::find_metric(use.name, MetricMesh::kIstio).row;
      if (!row) continue;
      EXPECT_NE(asked.find(row->stats_inclusion()), asked.npos) << use.name;
    }
  }
  EXPECT_EQ(asked.find(".*upstream_cx.*"), asked.npos);
}

TEST(Expressions, AWrongLabelIsOurOwnMistake) {
  EXPECT_DEATH((void)Selector(telemetry::MetricId::kRequests).is("status_code", "500"), "may_carry");
  EXPECT_DEATH((void)Selector(telemetry::MetricId::kBreakerCxOpen).rate("1m"), "kGauge");
}

}  // namespace
}  // namespace marty::monitoring
