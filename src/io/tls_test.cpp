#include "io/tls.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <thread>

#include "io/entropy.hpp"
#include "io/openssl.hpp"
#include "io/socket.hpp"
#include "io/test_actor.hpp"

namespace marty::io {
namespace {

using testing::kListener;
using testing::listen_on_free_port;
using testing::make_loop;
using testing::NotingActor;
using testing::run_until;

const std::string kServerId = "spiffe://cluster.local/ns/petstore/sa/server";
const std::string kClientId = "spiffe://cluster.local/ns/petstore/sa/client";

struct TlsTest : ::testing::Test {
  std::unique_ptr<Ca> make_ca(const std::string& name, const std::string& domain = "cluster.local") {
    auto made = Ca::create_or_load(directory.path + "/" + name, domain, wall_now());
    EXPECT_TRUE(made) << made.error().text;
    return std::move(*made);
  }
  Identity issue(const Ca& from, const std::string& id, Duration lifetime = 1h) {
    auto identity = from.issue(id, wall_now(), lifetime);
    EXPECT_TRUE(identity) << identity.error().text;
    return *identity;
  }
  void use(NotingActor& actor, const Identity& identity) {
    auto status = actor.transport->set_identity(identity);
    ASSERT_TRUE(status) << status.error().text;
  }

  testing::TemporaryDirectory directory;
  std::unique_ptr<Ca> ca = make_ca("ca");
  std::unique_ptr<Loop> loop = make_loop();
  NotingActor server{*loop}, client{*loop};
};

TEST_F(TlsTest, BothSidesSeeEachOther) {
  use(server, issue(*ca, kServerId));
  use(client, issue(*ca, kClientId));
  server.echo = true;
  const Address at = listen_on_free_port(server, Security::kMutualTls);
  const std::vector<std::string> expected{"spiffe://cluster.local/other", kServerId};
  const ConnId id = client.transport->connect(
      at, {.security = Security::kMutualTls, .server_name = "pets.svc", .expected_identities = expected});
  client.transport->write(id, "before the handshake");
  ASSERT_TRUE(run_until(*loop, [&] { return client.received[id] == "before the handshake"; }));
  const Peer seen = server.transport->peer(server.accepted.at(0));
  EXPECT_TRUE(seen.tls);
  EXPECT_EQ(seen.identity, kClientId);
  EXPECT_EQ(seen.own_identity, kServerId);
  EXPECT_EQ(seen.server_name, "pets.svc");
  EXPECT_EQ(seen.cert_sha256.size(), 64u);
  EXPECT_EQ(client.transport->peer(id).identity, kServerId);
  client.transport->close(id);
  ASSERT_TRUE(run_until(*loop, [&] { return server.closed.size() == 1; }));
  EXPECT_EQ(server.closed.begin()->second, ClosedBy::kPeer);
  EXPECT_EQ(server.last_peer, kClientId) << "the peer is known while its end is told";
  EXPECT_TRUE(run_until(*loop, [&] { return loop->open_connections() == 0; }));
}

TEST_F(TlsTest, ALargeBodyArrivesWholeUnderBackPressure) {
  use(server, issue(*ca, kServerId));
  use(client, issue(*ca, kClientId));
  const Address at = listen_on_free_port(server, Security::kMutualTls);
  std::string body(16 << 20, '\0');
  fill_random({reinterpret_cast<unsigned char*>(body.data()), body.size()});
  server.when_accepted = [&](ConnId id) {
    server.transport->write(id, body);
    server.transport->close(id);
  };
  std::string got;
  client.when_bytes = [&](ConnId id, std::string_view bytes) {
    got += bytes;
    client.transport->pause(id, true);
    client.transport->pause(id, false);
    return bytes.size();
  };
  const ConnId id = client.transport->connect(at, {.security = Security::kMutualTls});
  ASSERT_TRUE(run_until(*loop, [&] { return client.closed.contains(id); }));
  EXPECT_EQ(client.closed[id], ClosedBy::kPeer);
  EXPECT_TRUE(got == body);
}

TEST_F(TlsTest, APausedConnectionKeepsWhatCameWithTheHandshake) {
  use(server, issue(*ca, kServerId));
  use(client, issue(*ca, kClientId));
  const Address at = listen_on_free_port(server, Security::kMutualTls);
  server.when_accepted = [&](ConnId id) { server.transport->pause(id, true); };
  const ConnId id = client.transport->connect(at, {.security = Security::kMutualTls});
  client.transport->write(id, "early");
  ASSERT_TRUE(run_until(*loop, [&] { return client.connected.size() == 1 && server.accepted.size() == 1; }));
  client.transport->close(id);
  for (int turn = 0; turn < 20; ++turn) loop->run_once(0ms);
  EXPECT_TRUE(server.received.empty());
  EXPECT_TRUE(server.closed.empty());
  server.transport->pause(server.accepted[0], false);
  ASSERT_TRUE(run_until(*loop, [&] { return server.closed.size() == 1; }));
  EXPECT_EQ(server.received[server.accepted[0]], "early");
}

TEST_F(TlsTest, PermissiveListenersTakeBoth) {
  use(server, issue(*ca, kServerId));
  use(client, issue(*ca, kClientId));
  server.echo = true;
  const Address at = listen_on_free_port(server, Security::kPermissive);
  const ConnId plain = client.transport->connect(at, {});
  const ConnId secure = client.transport->connect(at, {.security = Security::kMutualTls});
  client.transport->write(plain, "GET /");
  client.transport->write(secure, "secret");
  ASSERT_TRUE(run_until(
      *loop, [&] { return client.received[plain] == "GET /" && client.received[secure] == "secret"; }));
  int with_tls = 0;
  for (const ConnId id : server.accepted) with_tls += server.transport->peer(id).tls;
  EXPECT_EQ(with_tls, 1);
}

TEST_F(TlsTest, PlaintextIsResetAndReportedWhereTlsIsRequired) {
  use(server, issue(*ca, kServerId));
  const Address at = listen_on_free_port(server, Security::kMutualTls);
  std::vector<std::pair<ClosedBy, std::string>> rejected;
  server.transport->on_rejected(
      [&](Instant, ListenerId on, ClosedBy why, std::string_view remote, std::string_view) {
        EXPECT_EQ(on, kListener);
        rejected.emplace_back(why, remote);
      });
  const ConnId id = client.transport->connect(at, {});
  client.transport->write(id, "GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(run_until(*loop, [&] { return client.closed.contains(id); }));
  EXPECT_EQ(client.closed[id], ClosedBy::kReset);
  EXPECT_TRUE(server.accepted.empty());
  ASSERT_EQ(rejected.size(), 1u);
  EXPECT_EQ(rejected[0].first, ClosedBy::kPlaintext);
  EXPECT_TRUE(rejected[0].second.starts_with("127.0.0.1:")) << rejected[0].second;
  EXPECT_EQ(loop->stats().rejected_plaintext, 1u);
}

TEST_F(TlsTest, StrangersAreRefusedByBothSides) {
  const auto other_ca = make_ca("other");
  const auto other_domain = make_ca("foreign", "example.org");
  const Identity expired = *ca->issue(kClientId, {wall_now().ns - 7'200'000'000'000}, 1h);
  Identity foreign = issue(*other_domain, "spiffe://example.org/x");
  Identity trusting_server = issue(*ca, kServerId);
  trusting_server.bundle_pem += other_domain->cert_pem();  // its chain is fine, its trust domain is not ours
  foreign.bundle_pem += ca->cert_pem();
  const Identity stranger = issue(*other_ca, kClientId);
  Identity trusting_stranger = stranger;
  trusting_stranger.bundle_pem += ca->cert_pem();
  struct Case {
    const char* name;
    Identity server, client;
  };
  const Case cases[] = {{"unknown CA, seen by the client", issue(*ca, kServerId), stranger},
                        {"unknown CA, seen by the server", issue(*ca, kServerId), trusting_stranger},
                        {"foreign trust domain", trusting_server, foreign},
                        {"expired", issue(*ca, kServerId), expired}};
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    NotingActor from(*loop), to(*loop);
    use(from, test.client);
    use(to, test.server);
    const Address at = listen_on_free_port(to, Security::kMutualTls);
    std::string reason;
    to.transport->on_rejected(
        [&](Instant, ListenerId, ClosedBy why, std::string_view, std::string_view text) {
          EXPECT_EQ(why, ClosedBy::kTlsFailure);
          reason = text;
        });
    const ConnId id = from.transport->connect(at, {.security = Security::kMutualTls});
    ASSERT_TRUE(run_until(*loop, [&] { return from.closed.contains(id) && !reason.empty(); }));
    EXPECT_EQ(from.closed[id], ClosedBy::kTlsFailure);
    EXPECT_TRUE(to.accepted.empty()) << "never shown to the actor";
  }
}

TEST_F(TlsTest, AnUnexpectedServerIsRefused) {
  use(server, issue(*ca, kServerId));
  use(client, issue(*ca, kClientId));
  const Address at = listen_on_free_port(server, Security::kMutualTls);
  const std::vector<std::string> expected{"spiffe://cluster.local/ns/petstore/sa/database"};
  const ConnId id =
      client.transport->connect(at, {.security = Security::kMutualTls, .expected_identities = expected});
  ASSERT_TRUE(run_until(*loop, [&] { return client.closed.contains(id); }));
  EXPECT_EQ(client.closed[id], ClosedBy::kTlsFailure);
  EXPECT_TRUE(client.connected.empty());
}

TEST_F(TlsTest, NewIdentitiesApplyToNewConnectionsOnly) {
  use(server, issue(*ca, kServerId));
  use(client, issue(*ca, kClientId));
  server.echo = true;
  const Address at = listen_on_free_port(server, Security::kMutualTls);
  const ConnId old = client.transport->connect(at, {.security = Security::kMutualTls});
  ASSERT_TRUE(run_until(*loop, [&] { return client.connected.size() == 1; }));
  const std::string old_digest(client.transport->peer(old).cert_sha256);
  const std::string renamed = "spiffe://cluster.local/ns/petstore/sa/renamed";
  use(server, issue(*ca, renamed));
  const ConnId fresh = client.transport->connect(at, {.security = Security::kMutualTls});
  ASSERT_TRUE(run_until(*loop, [&] { return client.connected.size() == 2; }));
  EXPECT_EQ(client.transport->peer(fresh).identity, renamed);
  EXPECT_NE(client.transport->peer(fresh).cert_sha256, old_digest);
  client.transport->write(old, "still here");
  ASSERT_TRUE(run_until(*loop, [&] { return client.received[old] == "still here"; }));
  EXPECT_EQ(client.transport->peer(old).cert_sha256, old_digest);
}

/// A client driven with OpenSSL itself, for what our own client never does. True when the server let it
/// through.
bool plain_openssl_client(const Address& at, int max_version, const Identity* identity) {
  const openssl::Context context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_max_proto_version(context.get(), max_version);
  if (identity != nullptr) {
    SSL_CTX_use_certificate(context.get(), openssl::parse_certs(identity->chain_pem)->front().get());
    SSL_CTX_use_PrivateKey(context.get(), openssl::parse_key(identity->key_pem)->get());
  }
  const auto address = parse_address(at);
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), &(*address).any, (*address).size) != 0) return false;
  const openssl::Session ssl(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), fd.get());
  char answer[8] = {};
  const bool through = SSL_connect(ssl.get()) == 1 && SSL_write(ssl.get(), "ping", 4) == 4 &&
                       SSL_read(ssl.get(), answer, sizeof answer) == 4;
  ERR_clear_error();
  return through;
}

TEST_F(TlsTest, ClientsWithoutCertificateOrWithOldTlsAreRefused) {
  use(server, issue(*ca, kServerId));
  server.echo = true;
  const Address at = listen_on_free_port(server, Security::kMutualTls);
  const Identity good = issue(*ca, kClientId);
  struct Case {
    const char* name;
    int max_version;
    const Identity* identity;
    bool passes;
  };
  for (const Case& test : {Case{"TLS 1.3 with a certificate", TLS1_3_VERSION, &good, true},
                           Case{"no certificate", TLS1_3_VERSION, nullptr, false},
                           Case{"TLS 1.2", TLS1_2_VERSION, &good, false}}) {
    SCOPED_TRACE(test.name);
    const std::uint64_t refused = loop->stats().rejected_tls;
    std::atomic<int> passed = -1;
    std::thread peer([&] { passed = plain_openssl_client(at, test.max_version, test.identity); });
    EXPECT_TRUE(run_until(*loop, [&] { return passed >= 0; }));
    peer.join();
    EXPECT_EQ(passed == 1, test.passes);
    EXPECT_EQ(loop->stats().rejected_tls, refused + (test.passes ? 0 : 1));
  }
}

TEST_F(TlsTest, AnEndWithoutCloseNotifyIsNotAnOrderlyEnd) {
  use(server, issue(*ca, kServerId));
  server.echo = true;
  const Address at = listen_on_free_port(server, Security::kMutualTls);
  const Identity good = issue(*ca, kClientId);
  std::atomic<bool> done = false;
  std::thread peer([&] { done = plain_openssl_client(at, TLS1_3_VERSION, &good); });
  EXPECT_TRUE(run_until(*loop, [&] { return server.closed.size() == 1; }));
  peer.join();
  EXPECT_EQ(server.closed.begin()->second, ClosedBy::kReset);
}

TEST_F(TlsTest, AQuietConnectionGoesOnAfterItsBuffersWereReleased) {
  use(server, issue(*ca, kServerId));
  use(client, issue(*ca, kClientId));
  server.echo = true;
  const Address at = listen_on_free_port(server, Security::kMutualTls);
  const ConnId id = client.transport->connect(at, {.security = Security::kMutualTls});
  client.transport->write(id, "one ");
  ASSERT_TRUE(run_until(*loop, [&] { return client.received[id] == "one "; }));
  const Instant quiet_from = loop->now();
  ASSERT_TRUE(run_until(*loop, [&] { return loop->now() - quiet_from > 550ms; }));
  client.transport->write(id, "two");
  ASSERT_TRUE(run_until(*loop, [&] { return client.received[id] == "one two"; }));
}

TEST_F(TlsTest, IdentitiesThatDoNotFitAreErrors) {
  const Identity good = issue(*ca, kServerId);
  const Identity other = issue(*ca, kClientId);
  Identity bad = good;
  bad.key_pem = other.key_pem;
  EXPECT_FALSE(server.transport->set_identity(bad)) << "the key of another certificate";
  bad = good;
  bad.spiffe_id = kClientId;
  EXPECT_FALSE(server.transport->set_identity(bad));
  bad = good;
  bad.bundle_pem = "nothing";
  EXPECT_FALSE(server.transport->set_identity(bad));
  bad = good;
  bad.chain_pem.resize(bad.chain_pem.size() / 2);
  EXPECT_FALSE(server.transport->set_identity(bad));
}

}  // namespace
}  // namespace marty::io
