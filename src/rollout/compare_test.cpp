#include "rollout/compare.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rollout/test_objects.hpp"

namespace marty::rollout {
namespace {

using manifest::Node;

Node object(const std::string& body) { return objects("apiVersion: v1\nkind: Thing\n" + body).at(0).root; }

std::vector<std::string> told(const Node& before, const Node& after, const Node& wanted) {
  std::vector<std::string> out;
  for (const auto& change : differences(before, after, wanted))
    out.push_back(fmt::format("{}: {} -> {} @{}", change.path, change.before.value_or("-"),
                              change.after.value_or("-"), change.origin.line));
  return out;
}
std::vector<std::string> told(const std::string& before, const std::string& after) {
  return told(object(before), object(after), object(after));
}
using Lines = std::vector<std::string>;

TEST(Differences, NameThePathBothValuesAndTheLine) {
  EXPECT_EQ(told("spec: {replicas: 3, image: a}", "spec:\n  replicas: 4\n  image: a"),
            (Lines{"spec.replicas: 3 -> 4 @4"}));
  EXPECT_EQ(told("spec: {a: 1}", "spec: {b: {c: [1, x]}}"),
            (Lines{"spec.b: - -> {c: [1, x]} @3", "spec.a: 1 -> - @0"}));
  EXPECT_EQ(told("spec: {v: 5}", "spec: {v: \"5\"}"), (Lines{"spec.v: 5 -> \"5\" @3"}));
  EXPECT_EQ(
      told("metadata: {annotations: {example.com/x: a}}", "metadata: {annotations: {example.com/x: b}}"),
      (Lines{"metadata.annotations[example.com/x]: a -> b @3"}));
}

TEST(Differences, WhatTheServerKeepsDoesNotCount) {
  const std::string before =
      "metadata: {uid: x, resourceVersion: \"1\", generation: 1, managedFields: [1], labels: {a: b},\n"
      "  creationTimestamp: \"2025\", annotations: {kubectl.kubernetes.io/last-applied-configuration: "
      "\"{}\"}}\n"
      "status: {ready: 1}\n";
  EXPECT_EQ(
      told(before, "metadata: {labels: {a: b}}\nspec: null"),
      (Lines{"metadata.annotations: {kubectl.kubernetes.io/last-applied-configuration: \"{}\"} -> - @0"}));
  EXPECT_EQ(told(before, "metadata: {labels: {a: b}, annotations: {}, resourceVersion: \"2\"}"), Lines{});
}

TEST(Differences, TheOrderOfKeysDoesNotCountThatOfNamedItemsDoes) {
  EXPECT_EQ(told("spec: {a: 1, b: 2}", "spec: {b: 2, a: 1}"), Lines{});
  EXPECT_EQ(told("http: [{name: a, w: 1}, {name: b}]", "http: [{name: b}, {name: a, w: 2}]"),
            (Lines{"http[a].w: 1 -> 2 @3", "http (order): a, b -> b, a @3"}));
  EXPECT_EQ(told("l: [{name: a}]", "l: [{name: b}, {name: a}]"), (Lines{"l[b]: - -> {name: b} @3"}));
  EXPECT_EQ(told("l: [x, z]", "l: [x]"), (Lines{"l[1]: z -> - @0"}));
  EXPECT_EQ(told("l: [{name: a, n: 1}, {name: a}]", "l: [{name: a, n: 2}, {name: a}]"),
            (Lines{"l[0].n: 1 -> 2 @3"}));
}

TEST(Differences, ADefaultOfTheServersHasNoLine) {
  EXPECT_EQ(told(object("spec: {}"), object("spec: {mode: auto}"), object("spec: {}")),
            (Lines{"spec.mode: - -> auto @0"}));
}

TEST(Differences, SecretsAreNotTold) {
  const Node before = objects("apiVersion: v1\nkind: Secret\ndata: {key: b2xk}\n").at(0).root;
  const Node after = objects("apiVersion: v1\nkind: Secret\ndata: {key: bmV3}\n").at(0).root;
  EXPECT_EQ(told(before, after, after), (Lines{"data.key: (not shown) -> (not shown) @3"}));
}

TEST(Differences, LongValuesAreCutBetweenCharacters) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "é";
  const auto lines = told("s: x", "s: " + text);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_LT(lines[0].size(), 140u);
  EXPECT_NE(lines[0].find("éé…"), std::string::npos);
  EXPECT_EQ(told("s: x", "s: |\n  a\n  b\n"), (Lines{"s: x -> (4 bytes of text) @3"}));
}

TEST(Overlaid, KeepsDefaultsAndOthersFields) {
  const Node live = object("spec: {replicas: 3, strategy: x, containers: [{name: app, image: a, pull: z}]}");
  const Node wanted = object("spec: {replicas: 4, containers: [{name: app, image: b}]}");
  EXPECT_EQ(told(live, overlaid(live, wanted), wanted),
            (Lines{"spec.replicas: 3 -> 4 @3", "spec.containers[app].image: a -> b @3"}));
  EXPECT_EQ(told(live, overlaid(live, live), live), Lines{});
}

}  // namespace
}  // namespace marty::rollout
