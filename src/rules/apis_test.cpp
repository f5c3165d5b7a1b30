#include "rules/apis.hpp"

#include <gtest/gtest.h>

#include "dialect/manifests.hpp"

namespace marty::rules {
namespace {

constexpr std::string_view kPets = R"(
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
)";
constexpr std::string_view kMore = R"(
---
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop}
spec: {selector: {app: orders}, ports: [{name: http, port: 80}]}
)";
constexpr std::string_view kRoute = R"(
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec: {hosts: [api.example.com], gateways: [edge], http: [{route: [{destination: {host: pets}}]}]}
)";

struct Row {
  std::string_view head;  ///< of the document
  std::string files;
  std::string service, operations;
};

std::string operations_of(const Api& api) {
  std::string out;
  for (const auto& one : api.operations)
    out += (out.empty() ? "" : ", ") + one.name() + (one.elsewhere ? " elsewhere" : "") +
           (one.may_be_repeated ? "" : " once");
  return out;
}

TEST(Apis, DescribeTheServiceTheirServersNameOrTheOnlyOne) {
  const std::string pets(kPets), more(kMore), route(kRoute);
  const Row rows[] = {
      {"openapi: 3.1.0", pets, "pets", "GET /pets, POST /pets once"},
      {"openapi: 3.1.0", pets + more, "", ""},
      {"openapi: 3.0.3\nservers: [{url: /v1/}]", pets, "pets", "GET /v1/pets, POST /v1/pets once"},
      {"openapi: 3.0.3\nservers: [{url: 'http://pets.shop.svc:80/v1'}]", pets + more, "pets",
       "GET /v1/pets, POST /v1/pets once"},
      {"openapi: 3.0.3\nservers: [{url: 'http://pets'}]", pets + more, "pets", "GET /pets, POST /pets once"},
      {"openapi: 3.0.3\nservers: [{url: 'https://{host}/v1', variables: {host: {default: orders.shop}}}]",
       pets + more, "orders", "GET /v1/pets, POST /v1/pets once"},
      {"openapi: 3.0.3\nservers: [{url: 'https://api.example.com/v1'}]", pets, "", ""},
      {"openapi: 3.0.3\nservers: [{url: 'https://api.example.com/v1'}]", pets + route, "pets",
       "GET /v1/pets, POST /v1/pets once"},
      {"swagger: '2.0'\nhost: pets.shop\nbasePath: /v2", pets + more, "pets",
       "GET /v2/pets, POST /v2/pets once"},
  };
  for (const auto& row : rows) {
    const std::string text = std::string(row.head) + "\npaths:\n  /pets: {get: {}, post: {}}\n" + row.files;
    SourceMap sources;
    Diagnostics found;
    const auto manifests = dialect::read_manifest_text("in.yaml", text, sources, found);
    EXPECT_EQ(manifests.skipped, 0u);
    const auto model = dialect::to_model(manifests, found);
    const Estate estate(manifests, model, sources);
    const auto& all = estate.apis().all();
    EXPECT_EQ(all.empty() ? "" : *all[0].service->name, row.service) << text;
    EXPECT_EQ(all.empty() ? "" : operations_of(all[0]), row.operations) << text;
    EXPECT_EQ(estate.apis().of_nobody().size(), all.empty() ? 1u : 0u) << text;
  }
}

TEST(Apis, KnowWhatMayBeRepeatedAndWhatIsElsewhere) {
  const std::string text = R"(openapi: 3.1.0
servers: [{url: "http://pets.shop"}]
paths:
  /pets:
    put: {}
    patch: {}
    post: {parameters: [{name: Idempotency-Key, in: header}]}
  /metrics:
    servers: [{url: "http://localhost:9000"}]
    get: {}
)" + std::string(kPets);
  SourceMap sources;
  Diagnostics found;
  const auto manifests = dialect::read_manifest_text("in.yaml", text, sources, found);
  const auto model = dialect::to_model(manifests, found);
  const Estate estate(manifests, model, sources);
  ASSERT_EQ(estate.apis().all().size(), 1u);
  EXPECT_EQ(operations_of(estate.apis().all()[0]),
            "PUT /pets, PATCH /pets once, POST /pets, GET /metrics elsewhere");
}

}  // namespace
}  // namespace marty::rules
