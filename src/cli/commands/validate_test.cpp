#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/test_world.hpp"

namespace marty::cli {
namespace {

bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

constexpr const char* kService = R"(apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}]
)";

constexpr const char* kMisspelled = R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec:
  host: web
  trafficPolicy:
    connectionPool:
      tcp: {maxConnection: 5}
)";

constexpr const char* kNoSubset = R"(apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
  - route:
    - destination:
        host: web
        subset: v9
)";

TEST(Validate, CleanInputIsCounted) {
  TestWorld test;
  test.put("k8s/service.yaml", kService);
  test.put("k8s/values.yaml", "replicas: 3\n");
  EXPECT_EQ(test.run({"mesh", "validate", "k8s"}), 0) << test.out << test.err;
  EXPECT_EQ(test.out, "");
  EXPECT_EQ(test.err, "0 errors, 0 warnings in 1 object; 1 document skipped: not Kubernetes objects\n");
}

TEST(Validate, AnUnknownFieldIsPlacedAndNamed) {
  TestWorld test;
  test.put("k8s/rule.yaml", kMisspelled);
  test.put("k8s/service.yaml", kService);
  EXPECT_EQ(test.run({"mesh", "validate", "k8s", "-o", "json"}), exit_code::kFindings) << test.err;
  const auto all = nlohmann::json::parse(test.out);
  ASSERT_EQ(all["findings"].size(), 1u) << test.out;
  const auto& finding = all["findings"][0];
  EXPECT_EQ(finding["rule"], "unknown-field");
  EXPECT_EQ(finding["severity"], "error");
  EXPECT_EQ(finding["file"], "k8s/rule.yaml");
  EXPECT_EQ(finding["line"], 8);
  EXPECT_EQ(finding["column"], 13);
  EXPECT_EQ(finding["endColumn"], 26);
  EXPECT_EQ(finding["field"], "spec.trafficPolicy.connectionPool.tcp.maxConnection");
  EXPECT_EQ(finding["object"]["kind"], "DestinationRule");
  EXPECT_EQ(finding["object"]["name"], "web");
  EXPECT_TRUE(holds(test.out, "maxConnections")) << test.out;
  EXPECT_EQ(all["checked"], 2);

  EXPECT_EQ(test.run({"mesh", "validate", "k8s"}), exit_code::kFindings);
  EXPECT_TRUE(holds(test.out, "k8s/rule.yaml:8:13: error: ")) << test.out;
  EXPECT_TRUE(holds(test.out, "^~~~~~~~~~~~~\n")) << test.out;
  EXPECT_EQ(test.run({"mesh", "validate", "k8s", "-o", "github"}), exit_code::kFindings);
  EXPECT_EQ(test.out.find("::error file=k8s/rule.yaml,line=8,col=13,"), 0u) << test.out;
}

TEST(Validate, ASubsetNobodyDefines) {
  TestWorld test;
  test.put("all.yaml", std::string(kService) + "---\n" + kNoSubset);
  EXPECT_EQ(test.run({"mesh", "validate", "all.yaml", "-o", "json"}), exit_code::kFindings) << test.err;
  const auto all = nlohmann::json::parse(test.out);
  ASSERT_EQ(all["findings"].size(), 1u) << test.out;
  EXPECT_EQ(all["findings"][0]["line"], 17) << test.out;
  EXPECT_EQ(all["findings"][0]["column"], 17) << test.out;
  EXPECT_TRUE(holds(all["findings"][0]["message"], "v9")) << test.out;
}

TEST(Validate, WhatCannotBeReadIsNeverClean) {
  struct Case {
    const char *text, *says;
  };
  TestWorld test;
  test.put("k8s/service.yaml", kService);
  for (const char* bad : {"a: [1, 2\nb: }\n", "\t- x: {\n", "a: 'open\n"}) {
    test.put("k8s/bad.yaml", bad);
    for (const char* format : {"table", "json", "github"}) {
      EXPECT_EQ(test.run({"mesh", "validate", "k8s", "-o", format}), exit_code::kInput) << bad;
      EXPECT_TRUE(holds(test.out, "k8s/bad.yaml")) << test.out;
    }
  }
  EXPECT_EQ(test.run({"mesh", "validate", "k8s/nowhere.yaml"}), exit_code::kInput);
  EXPECT_TRUE(holds(test.err, "k8s/nowhere.yaml")) << test.err;
}

TEST(Validate, NothingCheckedIsNeverClean) {
  TestWorld test;
  test.put("empty/readme.txt", "nothing here\n");
  test.put("values/values.yaml", "replicas: 3\n");
  test.put("blank.yaml", "");
  for (const char* path : {"empty", "values", "blank.yaml"}) {
    for (const char* format : {"table", "json", "github"})
      EXPECT_EQ(test.run({"mesh", "validate", path, "-o", format}), exit_code::kInput) << path << format;
    EXPECT_TRUE(holds(test.err, "nothing was checked")) << test.err;
  }
}

TEST(Validate, StandardInput) {
  TestWorld test;
  test.standard_input = kService;
  EXPECT_EQ(test.run({"mesh", "validate", "-"}), 0) << test.out << test.err;
  test.standard_input = kMisspelled;
  EXPECT_EQ(test.run({"mesh", "validate", "-"}), exit_code::kFindings);
  EXPECT_TRUE(holds(test.out, "<stdin>:8:13: ")) << test.out;
  test.standard_input.clear();
  EXPECT_EQ(test.run({"mesh", "validate", "-"}), exit_code::kInput);
}

TEST(Validate, PolicyFilesAreCheckedByThemselvesToo) {
  TestWorld test;
  test.put("plugins/pets/mesh.yaml",
           "apiVersion: marty.dev/v1\nkind: ServiceMesh\nmetadata: {name: pets, namespace: pets}\n"
           "spec:\n  servce: {name: pets}\n");
  for (const std::vector<std::string>& what : {std::vector<std::string>{"--service", "pets"},
                                               {"--file", "plugins/pets/mesh.yaml"},
                                               {"plugins/pets/mesh.yaml"}}) {
    std::vector<std::string> words{"mesh", "validate"};
    words.insert(words.end(), what.begin(), what.end());
    EXPECT_EQ(test.run(words), exit_code::kFindings) << what.back() << test.err;
    EXPECT_TRUE(holds(test.out, "plugins/pets/mesh.yaml:5:3: error: ")) << test.out;
  }
}

TEST(Validate, LocalFilesToo) {
  TestWorld test;
  test.put("local.yaml", "apiVersion: marty.dev/v1\nkind: Local\nspec:\n  workload: {}\n");
  EXPECT_EQ(test.run({"mesh", "validate", "local.yaml"}), exit_code::kFindings) << test.err;
  EXPECT_TRUE(holds(test.out, "local.yaml:4:3: error: ")) << test.out;
}

constexpr const char* kTraced = R"(apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: web, namespace: shop}
spec:
  tracing:
  - providers: [{name: jaeger}]
)";

TEST(Validate, TheMeshConfigSaysWhatTheMeshKnows) {
  TestWorld test;
  test.put("k8s/telemetry.yaml", kTraced);
  test.put("values.yaml", "meshConfig:\n  extensionProviders: [{name: zipkin}]\n");
  EXPECT_EQ(test.run({"mesh", "validate", "k8s", "--fail-on", "warning"}), 0) << test.out;
  EXPECT_EQ(test.run({"mesh", "validate", "k8s", "--fail-on", "warning", "--mesh-config", "values.yaml"}), 1);
  EXPECT_TRUE(holds(test.out, "k8s/telemetry.yaml:6:")) << test.out;
  test.put("values.yaml", "meshConfig:\n  extensionProviders: [{name: jaeger}]\n");
  EXPECT_EQ(test.run({"mesh", "validate", "k8s", "--fail-on", "warning", "--mesh-config", "values.yaml"}), 0)
      << test.out;
}

TEST(Validate, AFileWithoutAMeshConfigIsSaid) {
  TestWorld test;
  test.put("k8s/service.yaml", kService);
  EXPECT_EQ(test.run({"mesh", "validate", "k8s", "--mesh-config", "k8s/service.yaml"}), exit_code::kInput);
  EXPECT_TRUE(holds(test.out, "there is no MeshConfig")) << test.out;
  EXPECT_EQ(test.run({"mesh", "validate", "k8s", "--mesh-config", "none.yaml"}), exit_code::kInput);
}

TEST(Validate, ClustersAreAskedOnlyWithLive) {
  TestWorld test;
  EXPECT_EQ(test.run({"mesh", "validate", "k8s", "--context", "prod"}), exit_code::kUsage);
  EXPECT_TRUE(holds(test.err, "--live")) << test.err;
  EXPECT_EQ(test.run({"mesh", "validate", "--live", "--service", "shop"}), exit_code::kUsage);
}

}  // namespace
}  // namespace marty::cli
