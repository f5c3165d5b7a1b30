#include "petstore/options.hpp"

#include <gtest/gtest.h>

namespace marty::petstore {
namespace {

Result<Options> read(std::vector<std::string_view> arguments, const Environment& environment = {}) {
  return read_options(arguments, environment);
}

TEST(Options, FlagsWinOverTheEnvironment) {
  const Environment environment = {{"PETSTORE_PORT", "1000"},
                                   {"PETSTORE_METRICS_PORT", "1001"},
                                   {"PETSTORE_SEED_DEMO", "true"},
                                   {"PORT", "7"}};
  auto options =
      read({"--port", "2000", "--version-label=v2", "--allow-fault-admin", "--store", "memory"}, environment);
  ASSERT_TRUE(options);
  EXPECT_EQ(api_address(*options), "127.0.0.1:2000");
  EXPECT_EQ(metrics_address(*options), "127.0.0.1:1001");
  EXPECT_EQ(options->seed_demo, SeedDemo::kYes);
  EXPECT_EQ(options->service.version_label, "v2");
  EXPECT_EQ(options->service.fault_admin, FaultAdmin::kAllowed);
  EXPECT_EQ(options->store, "memory");
}

TEST(Options, AUnixHostHasTwoSockets) {
  auto options = read({"--host", "unix:/run/pets.sock"});
  ASSERT_TRUE(options);
  EXPECT_EQ(api_address(*options), "unix:/run/pets.sock");
  EXPECT_EQ(metrics_address(*options), "unix:/run/pets.sock.metrics");
}

TEST(Options, MistakesNameTheFlag) {
  const std::pair<std::vector<std::string_view>, std::string> rows[] = {
      {{"--port", "70000"}, "--port"},
      {{"--port"}, "--port"},
      {{"--port=-1"}, "--port"},
      {{"--store", "postgres"}, "--store"},
      {{"--store=sqlite:"}, "--store"},
      {{"--version-label", "v3"}, "--version-label"},
      {{"--log-level", "loud"}, "--log-level"},
      {{"--prot", "1"}, "--prot"},
      {{"8080"}, "8080"},
      {{"--seed-demo=maybe"}, "--seed-demo"},
  };
  for (const auto& [arguments, named] : rows) {
    auto options = read(arguments);
    ASSERT_FALSE(options) << named;
    EXPECT_NE(options.error().text.find(named), std::string::npos) << options.error().text;
    EXPECT_FALSE(options.error().next.empty());
  }
  auto options = read({}, {{"PETSTORE_PORT", "x"}});
  ASSERT_FALSE(options);
  EXPECT_NE(options.error().text.find("PETSTORE_PORT"), std::string::npos);
}

}  // namespace
}  // namespace marty::petstore
