#include "local/topology.hpp"

#include <gtest/gtest.h>

#include <set>

namespace marty::local {
namespace {

mesh::Model shop() {
  mesh::Model model;
  model.services.push_back({"shop", "pets", {{"app", "pets"}}, {{"http", 80, 8080}}, {}});
  model.workloads.push_back(
      {"shop", "pets-v1", "pets", {{"app", "pets"}, {"version", "v1"}}, 3, {8080, 9000}, "/ready", 0, {}});
  model.workloads.push_back(
      {"shop", "pets-v2", "pets", {{"app", "pets"}, {"version", "v2"}}, 1, {}, "", 0, {}});
  return model;
}

LocalFile both_run() {
  LocalFile local;
  LocalWorkload runs;
  runs.command = {{"pets", {}}};
  local.workloads = {{{"pets-v1", {}}, runs}, {{"pets-v2", {}}, runs}};
  return local;
}

TEST(Topology, EveryReplicaHasItsOwnAddressesAndTheRealPorts) {
  const auto model = shop();
  const auto local = both_run();
  Diagnostics found;
  const auto topology = plan(model, &local, 66, found);
  ASSERT_EQ(topology.pods.size(), 4u);
  EXPECT_TRUE(found.all().empty());
  std::set<std::string> addresses;
  for (const auto& pod : topology.pods) {
    addresses.insert(pod.instance.ip);
    addresses.insert(pod.app_host);
    EXPECT_TRUE(pod.instance.ip.starts_with("127.66."));
  }
  EXPECT_EQ(addresses.size(), 8u);
  EXPECT_FALSE(addresses.contains("127.0.0.1"));
  EXPECT_EQ(topology.pods[0].ports, (std::vector<std::uint16_t>{8080, 9000}));
  EXPECT_EQ(topology.pods[3].ports, (std::vector<std::uint16_t>{8080}))
      << "from the Service when the template says none";
  EXPECT_EQ(topology.pods[0].app(9000).text, topology.pods[0].app_host + ":9000");
}

TEST(Topology, ManyPodsStayInsideTheirBlocks) {
  auto model = shop();
  model.workloads[0].replicas = 10'000;
  const auto local = both_run();
  Diagnostics found;
  std::set<std::string> addresses;
  const auto topology = plan(model, &local, 70, found);
  for (const auto& pod : topology.pods) addresses.insert({pod.instance.ip, pod.app_host});
  EXPECT_EQ(addresses.size(), 2 * topology.pods.size());
}

TEST(Topology, StrangersAndForgottenWorkloadsAreSaid) {
  const auto model = shop();
  auto local = both_run();
  local.workloads[1].first = {"pets-2v", {5, 3, 0}};
  Diagnostics found;
  const auto topology = plan(model, &local, 66, found);
  EXPECT_EQ(topology.pods.size(), 3u);
  ASSERT_EQ(found.all().size(), 2u);
  EXPECT_EQ(found.all()[0].rule, "unknown-workload");
  EXPECT_EQ(found.all()[0].where.begin.line, 5u);
  ASSERT_EQ(found.all()[0].notes.size(), 1u);
  EXPECT_EQ(found.all()[0].notes[0].text, "did you mean 'pets-v2'?");
  EXPECT_EQ(found.all()[1].rule, "workload-not-local");
}

TEST(Topology, ServersThatRunAlreadyStandBehindTheSidecarOrForThemselves) {
  const auto model = shop();
  auto local = both_run();
  local.workloads[1].second.command.clear();
  local.workloads[1].second.addresses = {{"127.0.0.9:8080", {}}, {"127.0.0.10:8080", {}}};
  Diagnostics found;
  auto topology = plan(model, &local, 66, found);
  ASSERT_EQ(topology.pods.size(), 5u) << "one pod per address, whatever the replicas";
  EXPECT_EQ(topology.pods[4].app(8080).text, "127.0.0.10:8080");
  EXPECT_TRUE(topology.pods[4].instance.ip.starts_with("127.66."));

  local.workloads[1].second.sidecar = {false, {}};
  topology = plan(model, &local, 66, found);
  EXPECT_EQ(topology.pods[4].instance.ip, "127.0.0.10");
}

TEST(LocalFile, FindingsNameTheirPlace) {
  const std::string text =
      "apiVersion: marty.dev/v1\nkind: Local\nspec:\n  workloads:\n    pets-v1: {comand: [pets]}\n    "
      "pets-v2: {command: [pets]}\n";
  Diagnostics found;
  const auto local = read_local_file(text, 0, found);
  ASSERT_EQ(local.workloads.size(), 2u);
  EXPECT_EQ(*local.workloads[1].second.command[0], "pets");
  ASSERT_EQ(found.all().size(), 2u);
  EXPECT_EQ(found.all()[0].rule, "unknown-field");
  EXPECT_EQ(found.all()[0].where.begin.line, 5u);
  EXPECT_EQ(found.all()[1].rule, "missing-field") << "then nothing says how it runs";
}

TEST(LocalFile, CommandAndAddressesExcludeEachOther) {
  Diagnostics found;
  read_local_file(
      "apiVersion: marty.dev/v1\nkind: Local\nspec:\n  workloads:\n    a: {command: [x], addresses: "
      "['h:1']}\n",
      0, found);
  EXPECT_TRUE(found.has_errors());
}

}  // namespace
}  // namespace marty::local
