#include <gtest/gtest.h>

#include "proxy/sidecar.hpp"
#include "proxy/test_net.hpp"

/// What Linkerd's proxies write on the wire (linkerd.md 4), byte by byte.
namespace marty::proxy {
namespace {

using testing::TestNet;

mesh::Model shop() {
  mesh::Model model;
  model.mesh_kind = mesh::MeshKind::kLinkerd;
  model.namespaces.push_back({"shop", {}, {}});
  model.services.push_back({"shop", "pets", {{"app", "pets"}}, {{"http", 8080, 8080}}, {}});
  model.workloads.push_back({"shop", "pets", "pets", {{"app", "pets"}}, 1, {8080}, "", 0, {}});
  return model;
}

struct LinkerdSidecar : ::testing::Test {
  void use(std::shared_ptr<const engine::Program> program) {
    sidecar = std::make_unique<Sidecar>(net, std::move(program), Rng(1), net.now, Duration{0});
    net.bind(*sidecar);
  }
  void use_outbound(const mesh::Model& model) {
    const std::vector<engine::Instance> pods{{"pets-0", "shop", "pets", "127.66.1.11", true, ""}};
    use(engine::compile_outbound(
        model, {.pod = "client", .ns = "shop", .workload = "client", .service_account = "client"}, pods,
        std::make_shared<SourceMap>(), 1));
  }
  void use_inbound(const mesh::Model& model) {
    const engine::Self pod{.pod = "pets-0",
                           .ns = "shop",
                           .workload = "pets",
                           .service_account = "pets",
                           .ip = "127.66.1.11",
                           .labels = {{"app", "pets"}}};
    use(engine::compile_inbound(model, pod, 8080, {"127.66.101.11:8080"}, std::make_shared<SourceMap>(), 1));
  }
  std::string exchange(ConnId client, const std::string& request, const std::string& answer) {
    net.receive(client, request);
    const auto open = net.upstreams();
    if (open.empty()) return {};
    net.establish(open.front());
    const auto sent = net.take_sent(open.front());
    net.receive(open.front(), answer);
    return sent;
  }

  TestNet net;
  std::unique_ptr<Sidecar> sidecar;
};

const std::string kGet =
    "GET http://pets.shop:8080/pets HTTP/1.1\r\nHost: pets.shop:8080\r\nUser-Agent: t\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ndate: x\r\n";

TEST_F(LinkerdSidecar, OutboundAddsNothingAndStripsWhatProxiesTellEachOther) {
  use_outbound(shop());
  const auto client = net.accept();
  const auto sent = exchange(client, kGet + "l5d-dst-override: x\r\nX-Request-Id: 7\r\n\r\n",
                             kOk + "l5d-proxy-error: secret\r\nserver: app\r\n\r\nhi");
  EXPECT_EQ(sent, "GET /pets HTTP/1.1\r\nhost: pets.shop:8080\r\nuser-agent: t\r\nx-request-id: 7\r\n\r\n");
  EXPECT_EQ(net.take_sent(client),
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ndate: x\r\nserver: app\r\n\r\nhi");
}

TEST_F(LinkerdSidecar, OutboundClosesWhenTheServersProxyAsksForIt) {
  use_outbound(shop());
  const auto client = net.accept();
  exchange(client, kGet + "\r\n",
           "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\ndate: x\r\nl5d-proxy-connection: close\r\n\r\n");
  EXPECT_EQ(net.take_sent(client),
            "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\ndate: x\r\nconnection: close\r\n\r\n");
  EXPECT_TRUE(net.connections[client].closed);
}

TEST_F(LinkerdSidecar, OutboundFailuresAreEmptyWithAReasonAndClose) {
  use_outbound(shop());
  const auto client = net.accept();
  net.receive(client, kGet + "\r\n");
  net.end(net.upstreams().front(), ClosedBy::kRefused);
  const auto sent = net.take_sent(client);
  EXPECT_TRUE(sent.starts_with(
      "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nl5d-proxy-error: logical service "
      "pets.shop.svc.cluster.local:8080: route http: backend Service.shop.pets:8080: endpoint "
      "127.66.1.11:8080: Connection refused (os error 111)\r\nconnection: close\r\n"
      "l5d-proxy-connection: close\r\ndate: "))
      << sent;
  EXPECT_TRUE(net.connections[client].closed);
}

TEST_F(LinkerdSidecar, InboundNamesTheCallerAndBelievesNobodyElse) {
  use_inbound(shop());
  const std::string request =
      "GET /pets HTTP/1.1\r\nHost: pets.shop:8080\r\nl5d-client-id: boss.shop\r\nx-forwarded-client-cert: "
      "kept\r\n\r\n";
  const auto plain = net.accept();
  EXPECT_EQ(exchange(plain, request, kOk + "\r\nhi"),
            "GET /pets HTTP/1.1\r\nhost: pets.shop:8080\r\nx-forwarded-client-cert: kept\r\n\r\n");
  const auto meshed = net.accept("spiffe://cluster.local/ns/desk/sa/till");
  net.receive(meshed, request);
  EXPECT_EQ(net.take_sent(net.upstreams().front()),
            "GET /pets HTTP/1.1\r\nhost: pets.shop:8080\r\nx-forwarded-client-cert: kept\r\n"
            "l5d-client-id: till.desk.serviceaccount.identity.linkerd.cluster.local\r\n\r\n");
}

TEST_F(LinkerdSidecar, InboundRefusesWithoutClosing) {
  auto model = shop();
  model.namespaces[0].inbound_default = Sourced{mesh::DefaultInbound::kDeny};
  use_inbound(model);
  const auto meshed = net.accept("spiffe://cluster.local/ns/desk/sa/till");
  net.receive(meshed, "GET /pets HTTP/1.1\r\nHost: pets\r\n\r\n");
  auto sent = net.take_sent(meshed);
  const auto date = sent.find("date: ");
  ASSERT_NE(date, sent.npos);
  EXPECT_EQ(sent.substr(0, date),
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nl5d-proxy-error: client 127.0.0.1:40000: server: "
            "127.66.1.11:8080: unauthorized request on route\r\n");
  EXPECT_FALSE(net.connections[meshed].closed);
  const auto plain = net.accept();
  net.receive(plain, "GET /pets HTTP/1.1\r\nHost: pets\r\n\r\n");
  EXPECT_EQ(net.take_sent(plain).find("l5d-proxy-error"), std::string::npos)
      << "not told to who has no identity";
}

}  // namespace
}  // namespace marty::proxy
