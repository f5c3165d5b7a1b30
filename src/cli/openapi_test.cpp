#include <gtest/gtest.h>

#include <fstream>

#include "cli/test_world.hpp"
#include "manifest/yaml.hpp"
#include "petstore/service.hpp"

/// plugins/petstore_domain/openapi.yaml is what the service answers, and validate holds policies against it.
namespace marty::cli {
namespace {

using petstore::Route;

constexpr std::string_view kMethods[] = {"get", "put", "post", "delete", "patch"};

int status_of(std::string_view path, std::string_view method, bool metrics_port) {
  const auto store = petstore::make_memory_store();
  const petstore::Log log{petstore::LogLevel::kError, [](std::string_view) {}, [] { return "T"; }, "v1"};
  petstore::Service service(*store, log, [] { return Instant{}; },
                            {.fault_admin = petstore::FaultAdmin::kAllowed});
  std::string upper(method), real(path);
  for (auto& letter : upper) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  if (const auto at = real.find("{id}"); at != real.npos) real.replace(at, 4, "7");
  http::HeaderList headers;
  const http::Request request{
      .method = upper, .path = real, .headers = &headers, .peer = {.remote = "127.0.0.1:9"}};
  return (metrics_port ? service.metrics(request) : service.api(request)).status;
}

std::vector<manifest::Node> read_document(const TestWorld& test) {
  std::ifstream file(test.project() + "/plugins/petstore_domain/openapi.yaml");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  Diagnostics found;
  auto documents = manifest::parse_yaml(text, 0, found);
  EXPECT_TRUE(found.all().empty());
  return documents;
}

TEST(OpenApi, OfThePetstoreIsWhatItAnswers) {
  const TestWorld test;
  const auto documents = read_document(test);
  ASSERT_EQ(documents.size(), 1u);
  const auto* paths = documents[0].find("paths");
  ASSERT_NE(paths, nullptr);
  for (std::size_t i = 0; i < paths->size(); ++i) {
    const auto [path, item] = paths->entry(i);
    for (const auto method : kMethods) {
      const auto status = status_of(path.text, method, item.find("servers") != nullptr);
      EXPECT_EQ(status != 405, item.find(method) != nullptr) << method << " " << path.text << ": " << status;
    }
  }
  for (const auto route :
       {Route::kPets, Route::kPet, Route::kHealth, Route::kReady, Route::kMetrics, Route::kFail})
    EXPECT_NE(paths->find(petstore::route_template(route)), nullptr) << petstore::route_template(route);
}

constexpr const char* kApi = R"(openapi: 3.1.0
info: {title: pets, version: 1.0.0}
paths:
  /pets:
    get: {responses: {"200": {description: all}}}
)";
constexpr const char* kRoutes = R"(apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{uri: {prefix: /pet/}}]
    timeout: 2s
    route: [{destination: {host: pets}}]
  - route: [{destination: {host: pets}}]
)";

TEST(OpenApi, IsReadFromAmongTheFilesOrWithAFlag) {
  TestWorld test;
  test.put("api.yaml", kApi);
  test.put("k8s/routes.yaml", kRoutes);
  EXPECT_EQ(test.run({"mesh", "validate", "k8s", "--fail-on", "warning"}), 0) << test.out;
  EXPECT_EQ(test.run({"mesh", "validate", "k8s", "--openapi", "api.yaml", "--fail-on", "warning"}), 1);
  EXPECT_NE(test.out.find("k8s/routes.yaml:12:28: warning: no operation of 'pets'"), std::string::npos)
      << test.out;
  test.put("k8s/api.yaml", kApi);
  EXPECT_EQ(test.run({"mesh", "validate", "k8s", "--fail-on", "warning"}), 1) << test.out;
  EXPECT_EQ(test.err.find("skipped"), std::string::npos) << test.err;
  EXPECT_EQ(test.run({"mesh", "validate", "k8s", "--openapi", "k8s/routes.yaml"}), 3) << test.out << test.err;
}

TEST(OpenApi, ThatIsAskedForAndFitsNobodyIsAWarning) {
  TestWorld test;
  test.put("k8s/routes.yaml", kRoutes);
  test.put("k8s/api.yaml", std::string(kApi) + "servers: [{url: \"https://api.example.com\"}]\n");
  EXPECT_EQ(test.run({"mesh", "validate", "k8s", "--fail-on", "warning"}), 0) << test.out;
  EXPECT_EQ(
      test.run({"mesh", "validate", "k8s/routes.yaml", "--openapi", "k8s/api.yaml", "--fail-on", "warning"}),
      1);
  EXPECT_NE(test.out.find("k8s/api.yaml:6:10: warning: this describes no Service"), std::string::npos)
      << test.out;
}

TEST(OpenApi, OfAServiceIsHeldAgainstItsOverlays) {
  TestWorld test;
  EXPECT_EQ(test.run({"mesh", "validate", "--file", test.project() + "/plugins/petstore_domain/mesh.yaml",
                      "--fail-on", "warning"}),
            0)
      << test.out;
}

}  // namespace
}  // namespace marty::cli
