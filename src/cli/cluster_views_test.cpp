#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/plan_view.hpp"
#include "cli/status_view.hpp"

namespace marty::cli {
namespace {

using nlohmann::json;

struct PlanView : testing::Test {
  SourceMap sources;
  ClusterService service{"pets", "shop", "istio", "1.30", "", {}};
  PlanContext context{service, {"prod", "https://prod", "default"}, "server"};
  rollout::Plan plan;

  PlanView() {
    sources.add("route.yaml", "a\nb\n");
    rollout::Planned route, kept, gone;
    route.key = {"networking.istio.io", "VirtualService", "shop", "pets"};
    route.action = rollout::Action::kChange;
    route.origin = {1, 1, 0};
    route.changes = {{"spec.timeout", "10s", "12s", {2, 5, 0}}, {"spec.old", "x", std::nullopt, {}}};
    route.conflicts = {{"helm", "using v1", {".spec.timeout", ".spec.x"}}};
    kept.key = {"", "Service", "shop", "pets"};
    kept.action = rollout::Action::kUnchanged;
    gone.key = {"", "ConfigMap", "shop", "old"};
    gone.action = rollout::Action::kPrune;
    plan.objects = {kept, route, gone};
  }
};

TEST_F(PlanView, TheTableShowsWhatChangesAndWhereItIsWritten) {
  EXPECT_EQ(plan_table(plan, sources, Color::kNo),
            "change    VirtualService shop/pets  route.yaml:1:1\n"
            "            spec.timeout: 10s -> 12s  route.yaml:2:5\n"
            "            spec.old: x -> (absent)\n"
            "            conflict with \"helm\" using v1: .spec.timeout, .spec.x\n"
            "prune     ConfigMap shop/old\n");
  EXPECT_EQ(plan_summary(plan), "1 to change, 1 unchanged, 1 to prune");
  EXPECT_NE(plan_table(plan, sources, Color::kYes).find("\x1b[33mchange"), std::string::npos);
}

TEST_F(PlanView, TheJsonHasEverything) {
  const auto told = json::parse(plan_json(plan, context, sources, "refused"));
  EXPECT_EQ(told["schema"], "marty/v1");
  EXPECT_EQ(told["result"], "refused");
  EXPECT_EQ(told["context"], "prod");
  EXPECT_EQ(told["dryRun"], "server");
  ASSERT_EQ(told["objects"].size(), 3u);
  const auto& route = told["objects"][1];
  EXPECT_EQ(route["changes"][0]["origin"], "route.yaml:2:5");
  EXPECT_EQ(route["changes"][1]["after"], nullptr);
  EXPECT_EQ(route["conflicts"][0]["fields"].size(), 2u);
  EXPECT_EQ(told["counts"]["prune"], 1);
  EXPECT_EQ(told["counts"]["create"], 0);
}

struct StatusView : testing::Test {
  ClusterService service{"pets", "shop", "istio", "1.30", "", {}};
  StatusShot shot;
  StatusView() {
    shot.service = &service;
    shot.cluster = cluster::Target{"prod", "https://prod", "default"};
    shot.checks = {{"mesh", rollout::Level::kOk, "istiod", "1 of 1", "", ""},
                   {"policies", rollout::Level::kFailed, "Service a", "missing", "kubectl get", "apply"},
                   {"policies", rollout::Level::kWarning, "Service b", "left over", "", "remove"}};
  }
};

TEST_F(StatusView, TheTableIsMarkedAndAdvises) {
  EXPECT_EQ(
      status_table(shot, Symbols::kUnicode, Color::kNo),
      "mesh\n√ istiod: 1 of 1\n\npolicies\n× Service a: missing\n    look: kubectl get\n    mend: apply\n"
      "‼ Service b: left over\n    mend: remove\n");
  EXPECT_NE(status_table(shot, Symbols::kPlain, Color::kNo).find("FAIL Service a"), std::string::npos);
}

TEST_F(StatusView, ALocalMeshHasItsRates) {
  shot.cluster.reset();
  shot.no_cluster = "nobody answers";
  shot.local = "127.0.0.1:15000";
  shot.local_ready = true;
  shot.rates = {{"pets v1", 12.25, 99.5, 100.0, 1.5, std::nullopt}};
  const auto table = status_table(shot, Symbols::kPlain, Color::kNo);
  EXPECT_EQ(
      table.find("no cluster: nobody answers\n\nlocal mesh at 127.0.0.1:15000\nok   all pods are ready\n"),
      0u)
      << table;
  EXPECT_NE(table.find("12.2     99.5%      1.5ms          -   100.0%"), std::string::npos) << table;
  const auto told = json::parse(status_json(shot, true));
  EXPECT_EQ(told["cluster"], nullptr);
  EXPECT_EQ(told["local"]["rates"][0]["p99Ms"], nullptr);
  EXPECT_EQ(told["local"]["rates"][0]["requestsPerSecond"], 12.25);
  EXPECT_EQ(status_json(shot, true).find('\n'), status_json(shot, true).size() - 1) << "one line";
}

TEST_F(StatusView, TheJsonCountsItsChecks) {
  const auto told = json::parse(status_json(shot, false));
  EXPECT_EQ(told["summary"], (json{{"ok", 1}, {"warning", 1}, {"failed", 1}}));
  EXPECT_EQ(told["checks"][1]["mend"], "apply");
  EXPECT_EQ(told["checks"][0]["mend"], nullptr);
  EXPECT_EQ(told["cluster"]["context"], "prod");
}

}  // namespace
}  // namespace marty::cli
