#include "monitoring/rule_test_case.hpp"

#include <fmt/format.h>

namespace marty::monitoring {

using manifest::Node;

namespace {

Node text(std::string value) { return Node::string(std::move(value)); }

Node strings(const Labels& pairs) {
  Node node = Node::mapping();
  for (const auto& [key, value] : pairs) node.add(key, text(value));
  return node;
}

std::string series(const Labels& labels) {
  std::string inside;
  for (const auto& [label, value] : labels)
    inside += fmt::format("{}{}=\"{}\"", inside.empty() ? "" : ",", label, value);
  return fmt::format("{{{}}}", inside);
}

Node alert_check(const TestCase::AlertCheck& check) {
  Node node = Node::mapping();
  node.add("eval_time", text(prom_duration(check.at)));
  node.add("alertname", text(check.alert));
  Node& expected = node.add("exp_alerts", Node::sequence());
  for (const auto& alert : check.expected) {
    Node& one = expected.add(Node::mapping());
    one.add("exp_labels", strings(alert.labels));
    one.add("exp_annotations", strings(alert.annotations));
  }
  return node;
}

Node value_check(const TestCase::ValueCheck& check) {
  Node node = Node::mapping();
  node.add("eval_time", text(prom_duration(check.at)));
  node.add("expr", text(check.expression));
  Node& samples = node.add("exp_samples", Node::sequence());
  for (const auto& sample : check.expected) {
    Node& one = samples.add(Node::mapping());
    one.add("labels", text(series(sample.labels)));
    one.add("value", Node::plain(fmt::format("{}", sample.value)));
  }
  return node;
}

Node case_node(const TestCase& test) {
  Node node = Node::mapping();
  node.add("name", text(test.name));
  node.add("interval", text(prom_duration(test.interval)));
  Node& inputs = node.add("input_series", Node::sequence());
  for (const auto& [name, values] : test.inputs) {
    Node& one = inputs.add(Node::mapping());
    one.add("series", text(name));
    one.add("values", text(values));
  }
  if (!test.alerts.empty()) {
    Node& checks = node.add("alert_rule_test", Node::sequence());
    for (const auto& check : test.alerts) checks.add(alert_check(check));
  }
  if (!test.values.empty()) {
    Node& checks = node.add("promql_expr_test", Node::sequence());
    for (const auto& check : test.values) checks.add(value_check(check));
  }
  return node;
}

}  // namespace

Node test_file(const std::string& rules, const std::vector<TestCase>& tests) {
  Node root = Node::mapping();
  root.add("rule_files", Node::sequence()).add(text(rules));
  // Twice kRuleInterval: promtool evaluates every rule at every step of every test.
  root.add("evaluation_interval", text("1m"));
  Node& all = root.add("tests", Node::sequence());
  for (const auto& test : tests) all.add(case_node(test));
  return root;
}

}  // namespace marty::monitoring
