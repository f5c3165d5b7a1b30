#include "petstore/service.hpp"

#include <gtest/gtest.h>

namespace marty::petstore {
namespace {

constexpr std::string_view kPets = "/api/petstore-domain/pets";

struct Call {
  std::string method, path, body, content_type = "application/json", request_id;
};

struct Bench {
  explicit Bench(ServiceSettings settings = {})
      : service(
            *store, log, [] { return Instant{5'000'000}; }, settings) {}

  http::Request request_of(const Call& call) {
    headers.clear();
    if (!call.content_type.empty()) headers.add("Content-Type", call.content_type);
    if (!call.request_id.empty()) headers.add("X-Request-Id", call.request_id);
    const std::string_view target = call.path;
    const std::size_t question = std::min(target.find('?'), target.size());
    return {.received_at = Instant{2'000'000},
            .method = call.method,
            .path = target.substr(0, question),
            .query = target.substr(std::min(question + 1, target.size())),
            .headers = &headers,
            .body = call.body,
            .peer = {.remote = remote}};
  }
  http::Response api(const Call& call) { return service.api(request_of(call)); }
  http::Response metrics(const Call& call) { return service.metrics(request_of(call)); }

  http::HeaderList headers;
  std::string remote = "127.0.0.1:999";
  std::string lines;
  std::unique_ptr<PetStore> store = make_memory_store();
  Log log{LogLevel::kInfo, [this](std::string_view line) { lines += line; }, [] { return "T"; }, "v1"};
  Service service;
};

std::string header_of(const http::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

std::string pets(std::string_view rest = "") { return std::string(kPets) + std::string(rest); }

struct Row {
  Call call;
  int status;
  std::string header, value;  ///< of the answer, when named
};

TEST(Service, AnswersInOrder) {
  Bench bench;
  const std::string merge = "application/merge-patch+json";
  const Row rows[] = {
      {{"GET", pets()}, 200},
      {{"POST", pets(), R"({"name":"Rex"})"}, 201, "location", pets("/1")},
      {{"POST", pets(), R"({"name":"Rex"})", "application/json; charset=utf-8"}, 201, "location", pets("/2")},
      {{"GET", pets("/1")}, 200},
      {{"HEAD", pets("/1")}, 200},
      {{"PUT", pets("/9"), R"({"name":"Bo"})"}, 201, "location", pets("/9")},
      {{"PUT", pets("/9"), R"({"name":"Bo"})"}, 200},
      {{"PUT", pets("/9007199254740991"), R"({"name":"Bo"})"}, 400},
      {{"PATCH", pets("/9"), R"({"status":"sold"})", merge}, 200},
      {{"PATCH", pets("/9"), R"({"status":"sold"})"}, 200},
      {{"PATCH", pets("/9"), R"({"status":"eaten"})", merge}, 400},
      {{"PATCH", pets("/8"), R"({"status":"sold"})", merge}, 404},
      {{"DELETE", pets("/9")}, 204},
      {{"DELETE", pets("/9")}, 204},
      {{"GET", pets("/9")}, 404},
      {{"POST", pets(), R"({"name":"Rex"})", "text/plain"}, 415},
      {{"POST", pets(), R"({"name":"Rex"})", ""}, 415},
      {{"POST", pets(), R"({"name":"Rex"})", merge}, 415},
      {{"PATCH", pets("/1"), "{}", "text/plain"}, 415, "accept-patch", merge},
      {{"POST", pets(), "{"}, 400},
      {{"GET", pets("?limit=x")}, 400},
      {{"GET", pets("/0")}, 400},
      {{"GET", pets("/x")}, 400},
      {{"GET", pets("/1/2")}, 404},
      {{"GET", pets("/")}, 404},
      {{"GET", pets("x")}, 404},
      {{"GET", "/"}, 404},
      {{"GET", "/metrics"}, 404},
      {{"POST", "/admin/fail?status=500&count=1"}, 404},
      {{"DELETE", pets()}, 405, "allow", "GET, HEAD, POST, OPTIONS"},
      {{"POST", pets("/1")}, 405, "allow", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"},
      {{"OPTIONS", pets("/1")}, 204, "allow", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"},
      {{"GET", "/health"}, 200},
      {{"POST", "/health"}, 405, "allow", "GET, HEAD, OPTIONS"},
      {{"GET", "/ready"}, 200},
      {{"PUT", "/ready"}, 405, "allow", "GET, HEAD, OPTIONS"},
  };
  for (const Row& row : rows) {
    const http::Response response = bench.api(row.call);
    const std::string what = row.call.method + " " + row.call.path + " " + row.call.body + response.body;
    EXPECT_EQ(response.status, row.status) << what;
    EXPECT_EQ(header_of(response, "x-petstore-version"), "v1") << what;
    EXPECT_EQ(row.header.empty() ? "" : header_of(response, row.header), row.value) << what;
    EXPECT_EQ(response.content_type == "application/problem+json", row.status >= 400) << what;
  }
}

TEST(Service, VersionsDifferInOneField) {
  Bench v1, v2({.version_label = "v2"});
  for (Bench* bench : {&v1, &v2}) ASSERT_TRUE(bench->store->put({1, {.name = "Rex"}}));
  EXPECT_EQ(v1.api({"GET", pets("/1")}).body, R"({"id":1,"name":"Rex","status":"available","tags":[]})");
  const http::Response answer = v2.api({"GET", pets("/1")});
  EXPECT_EQ(answer.body,
            R"({"id":1,"name":"Rex","status":"available","tags":[],"self":"/api/petstore-domain/pets/1"})");
  EXPECT_EQ(header_of(answer, "x-petstore-version"), "v2");
  EXPECT_EQ(v2.api({"PUT", pets("/1"), answer.body}).status, 200) << "what was answered can be sent back";
}

TEST(Service, LogsOneLinePerRequest) {
  Bench bench;
  bench.api({"GET", "/health?secret=1", "body", "", "id-\"7\xff"});
  EXPECT_EQ(
      bench.lines,
      R"({"ts":"T","level":"info","msg":"request","method":"GET","path":"/health","route":"/health","status":200,)"
      R"("duration_us":3000,"remote":"127.0.0.1:999","version":"v1","request_id":"id-\"7�"})"
      "\n");
}

TEST(Service, LongTextIsCutInTheLog) {
  Bench bench;
  bench.api({"GET", "/" + std::string(50'000, 'p'), "", "", std::string(50'000, 'i')});
  EXPECT_LT(bench.lines.size(), 1000u);
}

TEST(Service, CountsForPrometheus) {
  Bench bench;
  ASSERT_TRUE(bench.store->put({1, {.name = "Rex", .status = PetStatus::kSold}}));
  for (int i = 0; i < 2; ++i) bench.api({"GET", pets("/1")});
  bench.api({"BREW", "/coffee/with/any/path"});
  http::Response refused{.status = 413};
  bench.service.dress_refusal(refused);
  EXPECT_EQ(header_of(refused, "x-petstore-version"), "v1");
  const std::string text = bench.metrics({"GET", "/metrics"}).body;
  for (const char* line : {
           "petstore_http_requests_total{method=\"GET\",route=\"/api/petstore-domain/pets/"
           "{id}\",status=\"200\"} 2\n",
           "petstore_http_requests_total{method=\"other\",route=\"unknown\",status=\"404\"} 1\n",
           "petstore_http_requests_total{method=\"other\",route=\"unknown\",status=\"413\"} 1\n",
           "petstore_http_request_duration_seconds_bucket{route=\"/api/petstore-domain/pets/"
           "{id}\",le=\"0.0025\"} 0\n",
           "petstore_http_request_duration_seconds_bucket{route=\"/api/petstore-domain/pets/"
           "{id}\",le=\"0.005\"} 2\n",
           "petstore_http_request_duration_seconds_bucket{route=\"/api/petstore-domain/pets/"
           "{id}\",le=\"+Inf\"} 2\n",
           "petstore_http_request_duration_seconds_count{route=\"/api/petstore-domain/pets/{id}\"} 2\n",
           "petstore_pets{status=\"sold\"} 1\n",
           "petstore_pets{status=\"pending\"} 0\n",
           "petstore_build_info{version=\"0.1.0\",version_label=\"v1\"} 1\n",
           "# TYPE petstore_http_request_duration_seconds histogram\n",
       }) {
    EXPECT_NE(text.find(line), text.npos) << line << text;
  }
  EXPECT_EQ(bench.metrics({"GET", pets()}).status, 404);
  EXPECT_EQ(bench.metrics({"POST", "/metrics"}).status, 405);
}

TEST(Service, FailsOnPurposeOnlyWhenAllowed) {
  const Call fail{"POST", "/admin/fail?status=503&count=2"};
  Bench closed;
  EXPECT_EQ(closed.metrics(fail).status, 404);
  EXPECT_EQ(closed.api({"GET", pets()}).status, 200);

  Bench open({.fault_admin = FaultAdmin::kAllowed});
  open.remote = "10.1.1.1:5";
  EXPECT_EQ(open.metrics(fail).status, 404) << "not from elsewhere";
  open.remote = "127.66.0.1:5";
  EXPECT_EQ(open.metrics({"POST", "/admin/fail?status=200&count=x"}).status, 400);
  EXPECT_EQ(open.metrics({"GET", "/admin/fail?status=503&count=2"}).status, 405);
  EXPECT_EQ(open.metrics(fail).status, 200);
  EXPECT_EQ(open.api({"GET", pets()}).status, 503);
  EXPECT_EQ(open.api({"GET", "/ready"}).status, 200) << "probes are left alone";
  EXPECT_EQ(open.api({"GET", pets("/1")}).status, 503);
  EXPECT_EQ(open.api({"GET", pets()}).status, 200);
}

/// A store whose disk is gone.
class BrokenStore final : public PetStore {
  static Error broken() { return {.text = "disk on fire", .next = "call someone"}; }
  Result<Pet> add(const PetFields&) override { return broken(); }
  Result<std::optional<Pet>> find(PetId) override { return broken(); }
  Result<Placed> put(const Pet&) override { return broken(); }
  Result<std::optional<Pet>> change(PetId, const Change&) override { return broken(); }
  Status remove(PetId) override { return broken(); }
  Result<Page> list(const PageQuery&) override { return broken(); }
  Result<PetCounts> count() override { return broken(); }
};

TEST(Service, ABrokenStoreIs503AndNotReady) {
  Bench bench;
  BrokenStore broken;
  Service service(broken, bench.log, [] { return Instant{}; }, {});
  const Call calls[] = {{"GET", pets()},
                        {"POST", pets(), R"({"name":"a"})"},
                        {"GET", pets("/1")},
                        {"PUT", pets("/1"), R"({"name":"a"})"},
                        {"PATCH", pets("/1"), "{}"},
                        {"DELETE", pets("/1")},
                        {"GET", "/ready"}};
  for (const Call& call : calls) {
    const http::Response response = service.api(bench.request_of(call));
    EXPECT_EQ(response.status, 503) << call.method << call.path;
    EXPECT_NE(response.body.find("disk on fire"), std::string::npos);
  }
  EXPECT_EQ(service.api(bench.request_of({"GET", "/health"})).status, 200) << "a restart would not help";
  const std::string text = service.metrics(bench.request_of({"GET", "/metrics"})).body;
  EXPECT_NE(text.find("petstore_store_failures_total 6\n"), text.npos);
  EXPECT_EQ(text.find("petstore_pets"), text.npos);
}

}  // namespace
}  // namespace marty::petstore
