#include "proxy/sidecar.hpp"

#include <gtest/gtest.h>

#include "proxy/test_net.hpp"

namespace marty::proxy {
namespace {

using ::testing::Test;
using testing::TestNet;

/// A shop with one service; retries on gateway errors, all else as the test wants it.
mesh::Model shop() {
  mesh::Model model;
  model.services.push_back({"shop", "pets", {{"app", "pets"}}, {{"http", 8080, 8080}}, {}});
  model.workloads.push_back({"shop", "pets", "pets", {{"app", "pets"}}, 2, {8080}, "", 0, {}});
  mesh::RouteTable table{"shop", "pets", {{"pets.shop.svc.cluster.local", {}}}, {}, {}};
  mesh::Route route;
  route.name = "all";
  route.destinations.push_back({{"pets.shop.svc.cluster.local", {}}, {"", {}}, 8080, {100, {}}, {}});
  route.retries.emplace();
  route.retries->attempts = {2, {}};
  route.retries->on = {policy::Retry::kGatewayError, {}};
  route.timeout = Sourced<Duration>{10s, {}};
  table.routes.push_back(route);
  model.route_tables.push_back(table);
  return model;
}

std::shared_ptr<const engine::Program> outbound(const mesh::Model& model, std::size_t pod_count = 1) {
  std::vector<engine::Instance> pods{{"pets-0", "shop", "pets", "127.66.1.11", false, ""},
                                     {"pets-1", "shop", "pets", "127.66.1.12", false, ""}};
  pods.resize(pod_count);
  return engine::compile_outbound(
      model, {.pod = "client", .ns = "shop", .workload = "client", .service_account = "client"}, pods,
      std::make_shared<SourceMap>(), 1);
}

class SidecarTest : public Test {
 protected:
  void use(std::shared_ptr<const engine::Program> program, Settings settings = {}) {
    sidecar =
        std::make_unique<Sidecar>(net, std::move(program), Rng(1), net.now, Duration{0}, std::move(settings));
    net.bind(*sidecar);
  }
  void SetUp() override { use(outbound(shop())); }

  /// The only connection to an endpoint, established.
  ConnId upstream() {
    const auto open = net.upstreams();
    EXPECT_EQ(open.size(), 1u);
    if (open.empty()) return ConnId::kNone;
    net.establish(open.front());
    return open.front();
  }

  TestNet net;
  std::unique_ptr<Sidecar> sidecar;
};

/// The payload of a chunked message; empty when it does not end.
std::string payload_of(std::string_view message) {
  message.remove_prefix(std::min(message.size(), message.find("\r\n\r\n") + 4));
  http::BodyDecoder decoder;
  decoder.start(http::BodyKind::kChunked, 0);
  std::string payload;
  while (!message.empty() && !decoder.complete()) {
    const auto piece = decoder.feed(message);
    payload += piece.payload;
    message.remove_prefix(piece.consumed);
  }
  return decoder.complete() && message.empty() ? payload : "";
}

constexpr std::string_view kGet = "GET http://pets.shop:8080/pets HTTP/1.1\r\nHost: pets.shop:8080\r\n\r\n";
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

TEST_F(SidecarTest, ForwardsARequestAndKeepsBothConnections) {
  const ConnId client = net.accept();
  net.receive(client, kGet);
  const ConnId up = upstream();
  const std::string sent = net.take_sent(up);
  EXPECT_TRUE(sent.starts_with("GET /pets HTTP/1.1\r\nhost: pets.shop:8080\r\n")) << sent;
  EXPECT_NE(sent.find("x-envoy-attempt-count: 1\r\n\r\n"), sent.npos) << sent;
  net.receive(up, kOk);
  const std::string answer = net.take_sent(client);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nhi")) << answer;
  EXPECT_NE(answer.find("server: envoy\r\n"), answer.npos);

  net.receive(client, kGet);
  net.receive(up, kOk);
  EXPECT_EQ(net.upstreams().size(), 1u) << "the second request goes over the same connection";
  EXPECT_TRUE(net.take_sent(client).ends_with("hi"));
}

TEST_F(SidecarTest, HeaderEditsOfTheRouteApplyBothWays) {
  auto model = shop();
  auto& route = model.route_tables[0].routes[0];
  route.request_headers = {.set = {{"x-team", "pets"}}, .add = {{"x-hop", "two"}}, .remove = {"x-secret"}};
  route.response_headers = {.set = {{"cache-control", "no-store"}}, .add = {}, .remove = {"x-debug"}};
  use(outbound(model));
  const ConnId client = net.accept();
  net.receive(
      client,
      "GET http://pets.shop:8080/ HTTP/1.1\r\nHost: x\r\nX-Team: other\r\nX-Hop: one\r\nX-Secret: 1\r\n"
      "Connection: close, X-Named\r\nX-Named: 1\r\n\r\n");
  const ConnId up = upstream();
  const std::string sent = net.take_sent(up);
  EXPECT_NE(sent.find("x-hop: one\r\n"), sent.npos) << sent;
  EXPECT_NE(sent.find("x-team: pets\r\nx-hop: two\r\n"), sent.npos) << sent;
  for (const char* gone : {"other", "x-secret", "x-named", "connection"})
    EXPECT_EQ(sent.find(gone), sent.npos) << gone;
  net.receive(up, "HTTP/1.1 200 OK\r\nX-Debug: 1\r\nCache-Control: public\r\ncontent-length: 0\r\n\r\n");
  const std::string answer = net.take_sent(client);
  EXPECT_NE(answer.find("cache-control: no-store\r\n"), answer.npos) << answer;
  for (const char* gone : {"public", "x-debug"}) EXPECT_EQ(answer.find(gone), answer.npos) << gone;
}

TEST_F(SidecarTest, AccessLogCountsBodiesOnly) {
  std::string log;
  sidecar->engine().log_access_to([&](std::string_view line) { log += line; });
  const ConnId client = net.accept();
  net.receive(client,
              "POST http://pets.shop:8080/pets HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
              "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  net.receive(upstream(), kOk);
  EXPECT_NE(log.find("\"POST /pets HTTP/1.1\" 200 - via_upstream - \"-\" 3 2 "), log.npos) << log;
}

TEST_F(SidecarTest, EverySplitOfTheBytesGivesTheSameAnswer) {
  const std::string request =
      "POST http://pets.shop:8080/pets HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  const std::string response =
      "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n4\r\npets\r\n0\r\n\r\n";
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    TestNet fresh;
    net = fresh;
    SetUp();
    const ConnId client = net.accept();
    net.receive(client, std::string_view(request).substr(0, cut));
    net.receive(client, std::string_view(request).substr(cut));
    const ConnId up = upstream();
    const std::size_t answer_cut = cut * response.size() / request.size() + 1;
    net.receive(up, std::string_view(response).substr(0, answer_cut));
    net.receive(up, std::string_view(response).substr(answer_cut));
    EXPECT_EQ(payload_of(net.take_sent(up)), "abcde") << "cut at " << cut;
    EXPECT_EQ(payload_of(net.take_sent(client)), "pets") << "cut at " << cut;
  }
}

TEST_F(SidecarTest, RetriesOnAnotherPodAndTheCallerSeesOnlyTheAnswer) {
  use(outbound(shop(), 2));
  const ConnId client = net.accept();
  net.receive(client, kGet);
  const ConnId first = upstream();
  const Address where = net.connections[first].to;
  net.receive(first, "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nnope");
  EXPECT_EQ(net.take_sent(client), "");
  net.advance(300ms);
  ConnId second = ConnId::kNone;
  for (const ConnId id : net.upstreams()) {
    if (id != first) second = id;
  }
  ASSERT_NE(second, ConnId::kNone);
  EXPECT_NE(net.connections[second].to, where);
  net.establish(second);
  EXPECT_NE(net.take_sent(second).find("x-envoy-attempt-count: 2\r\n"), std::string::npos);
  net.receive(second, kOk);
  EXPECT_TRUE(net.take_sent(client).starts_with("HTTP/1.1 200 OK"));
}

TEST_F(SidecarTest, RefusedConnectionsAreRetriedUntilNoneIsLeft) {
  const ConnId client = net.accept();
  net.receive(client, kGet);
  for (int tries = 0; tries < 3; ++tries) {
    const auto open = net.upstreams();
    ASSERT_EQ(open.size(), 1u) << "try " << tries;
    net.end(open.front(), ClosedBy::kRefused);
    net.advance(1s);
  }
  const std::string answer = net.take_sent(client);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with(
      "upstream connect error or disconnect/reset before headers. retried and the latest reset "
      "reason: remote connection failure"))
      << answer;
  EXPECT_TRUE(net.upstreams().empty());
}

TEST_F(SidecarTest, PipelinedRequestsAreAnsweredInOrder) {
  const ConnId client = net.accept();
  net.receive(client, std::string(kGet) + std::string(kGet) + std::string(kGet));
  const ConnId up = upstream();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(net.take_sent(up).starts_with("GET /pets ")) << i;
    net.receive(up, kOk);
    EXPECT_TRUE(net.take_sent(client).ends_with("hi")) << i;
    net.settle();
  }
  EXPECT_EQ(net.connections[client].unread, "");
}

TEST_F(SidecarTest, UnknownHostIsNotForwarded) {
  const ConnId client = net.accept();
  net.receive(client, "GET http://elsewhere.example/ HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n");
  EXPECT_EQ(net.take_sent(client),
            "HTTP/1.1 502 Bad Gateway\r\ndate: Thu, 01 Jan 1970 00:00:01 GMT\r\nserver: "
            "envoy\r\ncontent-length: 0\r\n\r\n");
  EXPECT_TRUE(net.upstreams().empty());
}

TEST_F(SidecarTest, RouteTimeoutAnswers504AndDropsTheTry) {
  const ConnId client = net.accept();
  net.receive(client, kGet);
  const ConnId up = upstream();
  net.advance(10s);
  const std::string answer = net.take_sent(client);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 504 Gateway Timeout\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("upstream request timeout"));
  EXPECT_TRUE(net.connections[up].aborted);
}

TEST_F(SidecarTest, AResponseCutMidBodyCutsTheClient) {
  const ConnId client = net.accept();
  net.receive(client, kGet);
  const ConnId up = upstream();
  net.receive(up, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart");
  net.end(up, ClosedBy::kReset);
  EXPECT_TRUE(net.connections[client].aborted);
}

TEST_F(SidecarTest, AClientThatLeavesTakesItsTryWithIt) {
  const ConnId client = net.accept();
  net.receive(client, kGet);
  const ConnId up = upstream();
  net.end(client, ClosedBy::kPeer);
  EXPECT_TRUE(net.connections[up].aborted);
  EXPECT_TRUE(sidecar->drained());
}

TEST_F(SidecarTest, BodyUntilCloseBecomesChunks) {
  const ConnId client = net.accept();
  net.receive(client, kGet);
  const ConnId up = upstream();
  net.receive(up, "HTTP/1.1 200 OK\r\n\r\nabc");
  net.end(up, ClosedBy::kPeer);
  EXPECT_TRUE(net.take_sent(client).ends_with("transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
}

TEST_F(SidecarTest, ExpectContinueIsAnsweredHere) {
  const ConnId client = net.accept();
  net.receive(
      client,
      "POST http://pets.shop:8080/ HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(net.take_sent(client), "HTTP/1.1 100 Continue\r\n\r\n");
  const ConnId up = upstream();
  net.receive(client, "ok");
  const std::string sent = net.take_sent(up);
  EXPECT_EQ(sent.find("expect:"), sent.npos);
  EXPECT_TRUE(sent.ends_with("\r\n\r\nok")) << sent;
}

TEST_F(SidecarTest, UpgradesAndConnectAreRefusedPlainly) {
  const ConnId client = net.accept();
  net.receive(
      client,
      "GET http://pets.shop:8080/ HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_TRUE(net.take_sent(client).starts_with("HTTP/1.1 403 "));
  const ConnId other = net.accept();
  net.receive(other, "CONNECT pets.shop:443 HTTP/1.1\r\nHost: pets.shop:443\r\n\r\n");
  EXPECT_TRUE(net.take_sent(other).starts_with("HTTP/1.1 501 "));
  EXPECT_TRUE(net.upstreams().empty());
}

TEST_F(SidecarTest, SlowHeadsAndBodiesEndWith408) {
  const ConnId slow_head = net.accept();
  net.receive(slow_head, "GET / HT");
  for (int i = 0; i < 4; ++i) net.advance(3s), net.receive(slow_head, "T");
  EXPECT_TRUE(net.take_sent(slow_head).starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(net.connections[slow_head].closed);

  const ConnId slow_body = net.accept();
  net.receive(slow_body, "POST http://pets.shop:8080/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\na");
  net.advance(31s);
  EXPECT_TRUE(net.take_sent(slow_body).starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(net.connections[slow_body].closed);
}

TEST_F(SidecarTest, ASlowReaderPausesTheEndpointAndIsCutInTheEnd) {
  const ConnId client = net.accept();
  net.receive(client, kGet);
  const ConnId up = upstream();
  net.receive(up, "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n");
  net.connections[client].unsent = 300 << 10;
  net.receive(up, std::string(1000, 'x'));
  EXPECT_TRUE(net.connections[up].paused);
  net.connections[client].unsent = 0;
  sidecar->on_drained(net.now, client);
  EXPECT_FALSE(net.connections[up].paused);
  net.connections[client].unsent = 300 << 10;
  net.receive(up, std::string(1000, 'x'));
  // The route's own timeout is longer than the reader's patience only without a timeout; here it comes first.
  net.advance(61s);
  EXPECT_TRUE(net.connections[client].aborted);
}

TEST_F(SidecarTest, DrainFinishesWhatIsInFlightAndClosesTheRest) {
  const ConnId idle = net.accept();
  const ConnId busy = net.accept();
  net.receive(busy, kGet);
  const ConnId up = upstream();
  sidecar->drain(net.now);
  EXPECT_TRUE(net.connections[idle].closed);
  EXPECT_FALSE(sidecar->drained());
  net.receive(up, kOk);
  EXPECT_NE(net.take_sent(busy).find("connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(net.connections[busy].closed);
  EXPECT_TRUE(sidecar->drained());
}

TEST_F(SidecarTest, ANewProgramTakesOverWithoutLosingARequest) {
  const ConnId client = net.accept();
  net.receive(client, kGet);
  const ConnId up = upstream();
  auto changed = shop();
  changed.route_tables[0].routes[0].direct = mesh::DirectResponse{{418, {}}, "tea", ""};
  changed.route_tables[0].routes[0].destinations.clear();
  sidecar->adopt(net.now, outbound(changed));
  net.receive(up, kOk);
  EXPECT_TRUE(net.take_sent(client).starts_with("HTTP/1.1 200 OK")) << "in flight under the old program";
  net.receive(client, kGet);
  EXPECT_TRUE(net.take_sent(client).starts_with("HTTP/1.1 418 "));
}

TEST_F(SidecarTest, StrictInboundRefusesPlaintextAndVouchesForItsPeer) {
  mesh::Model model = shop();
  model.mtls.push_back({"shop", "strict", {}, {policy::MtlsMode::kStrict, {}}, {}, {}});
  use(engine::compile_inbound(model,
                              {.pod = "pets-0",
                               .ns = "shop",
                               .workload = "pets",
                               .service_account = "pets",
                               .app = "pets",
                               .version = "",
                               .ip = "127.66.1.11",
                               .labels = {{"app", "pets"}}},
                              8080, {"127.66.101.11:8080"}, std::make_shared<SourceMap>(), 1));
  const ConnId plain = net.accept();
  EXPECT_TRUE(net.connections[plain].aborted);
  EXPECT_EQ(net.connections[plain].sent, "");

  const ConnId client = net.accept("spiffe://cluster.local/ns/shop/sa/client");
  net.receive(client, "GET /pets HTTP/1.1\r\nHost: pets\r\nX-Forwarded-Client-Cert: forged\r\n\r\n");
  const ConnId up = upstream();
  EXPECT_EQ(net.connections[up].to.text, "127.66.101.11:8080");
  const std::string sent = net.take_sent(up);
  EXPECT_NE(
      sent.find(
          "x-forwarded-client-cert: forged,By=spiffe://cluster.local/ns/shop/sa/pets;Hash=ab12;Subject=\"\";"
          "URI=spiffe://cluster.local/ns/shop/sa/client\r\n"),
      sent.npos)
      << sent;
  net.receive(up, kOk);
  EXPECT_NE(net.take_sent(client).find("server: istio-envoy\r\n"), std::string::npos);
}

TEST_F(SidecarTest, LocalReplyToABrokenRequestIsEnvoys) {
  const ConnId client = net.accept();
  net.receive(client, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
  const std::string answer = net.take_sent(client);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << answer;
  EXPECT_NE(answer.find("connection: close\r\n"), answer.npos);
  EXPECT_TRUE(net.connections[client].closed);
}

}  // namespace
}  // namespace marty::proxy
