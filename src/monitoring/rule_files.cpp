#include <fmt/format.h>

#include "manifest/write.hpp"
#include "monitoring/monitoring.hpp"
#include "monitoring/objects.hpp"
#include "monitoring/rules.hpp"

/// Rule groups as YAML: a plain file for any Prometheus, and the same inside of an object for its operator.
namespace marty::monitoring {

using manifest::Node;
using mesh::MeshKind;
using mesh::PolicyFile;

namespace {

Node strings(const Labels& pairs) {
  Node node = Node::mapping();
  for (const auto& [key, value] : pairs) node.add(key, Node::string(value));
  return node;
}

Node rule_node(const Rule& rule) {
  Node node = Node::mapping();
  if (rule.alert.empty()) {
    node.add("record", Node::string(rule.record));
  } else {
    node.add("alert", Node::string(rule.alert));
  }
  node.add("expr", Node::string(rule.expression));
  if (rule.hold > Duration{0}) node.add("for", Node::string(prom_duration(rule.hold)));
  node.add("labels", strings(rule.labels));
  if (!rule.annotations.empty()) node.add("annotations", strings(rule.annotations));
  if (!rule.why.empty()) node.comment(rule.why);
  return node;
}

Node groups_node(const PolicyFile& file, MeshKind mesh) {
  Node groups = Node::sequence();
  for (const auto& group : rule_groups(file, mesh)) {
    Node& node = groups.add(Node::mapping());
    node.comment(group.why);
    node.add("name", Node::string(group.name));
    node.add("interval", Node::string(prom_duration(group.interval)));
    Node& rules = node.add("rules", Node::sequence());
    for (const auto& rule : group.rules) rules.add(rule_node(rule));
  }
  return groups;
}

}  // namespace

Node prometheus_rule(const PolicyFile& file, MeshKind mesh) {
  Node root = object(file, "monitoring.coreos.com/v1", "PrometheusRule", *file.name);
  root.add("spec", Node::mapping()).add("groups", groups_node(file, mesh));
  root.comment(fmt::format(
      "The same rules as in service-mesh/prometheus/{}.rules.yaml, where their tests are.", to_string(mesh)));
  return root;
}

std::string rule_file(const PolicyFile& file, MeshKind mesh, std::string_view heading) {
  Node root = Node::mapping();
  root.add("groups", groups_node(file, mesh));
  return fmt::format(
             "{}# For a Prometheus without the operator: name this file under rule_files. Its tests: "
             "promtool "
             "test rules {}.rules.test.yaml\n",
             heading, to_string(mesh)) +
         manifest::write_yaml(root);
}

}  // namespace marty::monitoring
