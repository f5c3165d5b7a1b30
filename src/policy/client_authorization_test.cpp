#include "policy/client_authorization.hpp"

#include <gtest/gtest.h>

namespace marty::policy {
namespace {

using Auth = ClientAuthorization::Auth;

constexpr const char* kWeb = "web.shop.serviceaccount.identity.linkerd.cluster.local";

ClientAuthorization one(Auth auth, std::vector<std::string> identities = {},
                        std::vector<std::string> cidrs = {}) {
  ClientAuthorization made;
  made.auth = auth;
  made.origin = {9, 1, 0};
  for (const auto& identity : identities) made.identities.push_back({identity, {7, 1, 0}});
  for (const auto& cidr : cidrs) made.networks.push_back(*parse_network(cidr));
  return made;
}

TEST(ClientAuthorization, WhoIsLetIn) {
  const std::string spiffe = "spiffe://cluster.local/ns/shop/sa/web";
  const struct {
    const char* story;
    ClientAuthorization by;
    bool meshed, plain;
  } table[] = {
      {"anybody", one(Auth::kNone), true, true},
      {"mesh TLS", one(Auth::kMeshTls), true, false},
      {"exact", one(Auth::kIdentity, {kWeb}), true, false},
      {"another account", one(Auth::kIdentity, {"x.shop.serviceaccount.identity.linkerd.cluster.local"}),
       false, false},
      {"its namespace", one(Auth::kIdentity, {"*.shop.serviceaccount.identity.linkerd.cluster.local"}), true,
       false},
      {"a suffix begins at a dot",
       one(Auth::kIdentity, {"*.hop.serviceaccount.identity.linkerd.cluster.local"}), false, false},
      {"any identity", one(Auth::kIdentity, {"*"}), true, false},
      {"SPIFFE, exact", one(Auth::kIdentity, {spiffe}), true, false},
      {"SPIFFE has no suffixes", one(Auth::kIdentity, {"spiffe://cluster.local/ns/shop/sa/*"}), false, false},
      {"nobody", one(Auth::kIdentity), false, false},
      {"its network", one(Auth::kNone, {}, {"10.0.0.0/8"}), true, true},
      {"another network", one(Auth::kNone, {}, {"192.168.0.0/16", "::1"}), false, false},
      {"network and identity", one(Auth::kIdentity, {kWeb}, {"10.1.0.0/16"}), true, false},
  };
  for (const auto& row : table) {
    const std::vector<ClientAuthorization> all{row.by};
    EXPECT_EQ(ClientAuthorization::decide(all, {"10.1.2.3", kWeb, spiffe}).has_value(), row.meshed)
        << row.story;
    EXPECT_EQ(ClientAuthorization::decide(all, {"10.1.2.3", "", ""}).has_value(), row.plain) << row.story;
  }
}

TEST(ClientAuthorization, ExceptionsAreHoles) {
  auto by = one(Auth::kNone);
  by.networks.push_back(*parse_network("127.0.0.0/8", {"127.66.0.0/16", "127.1.1.1"}));
  const std::vector<ClientAuthorization> all{by};
  EXPECT_TRUE(ClientAuthorization::decide(all, {"127.0.0.1", "", ""}));
  EXPECT_FALSE(ClientAuthorization::decide(all, {"127.66.0.11", "", ""}));
  EXPECT_FALSE(ClientAuthorization::decide(all, {"127.1.1.1", "", ""}));
  EXPECT_FALSE(ClientAuthorization::decide(all, {"nonsense", "", ""}));
  EXPECT_FALSE(parse_network("10.0.0.0/33"));
  EXPECT_FALSE(parse_network("10.0.0.0/8", {"x"}));
}

TEST(ClientAuthorization, TheFirstThatAdmitsIsNamedWithItsLine) {
  const std::vector<ClientAuthorization> all{one(Auth::kIdentity, {"*.desk"}), one(Auth::kIdentity, {kWeb}),
                                             one(Auth::kNone)};
  const ClientAuthorization::Client web{"10.1.2.3", kWeb, ""}, plain{"10.1.2.3", "", ""};
  EXPECT_EQ(ClientAuthorization::decide(all, web), 1u);
  EXPECT_EQ(all[1].origin_for(web).line, 7u);
  EXPECT_EQ(ClientAuthorization::decide(all, plain), 2u);
  EXPECT_EQ(all[2].origin_for(plain).line, 9u);
  EXPECT_EQ(ClientAuthorization::decide({}, web), std::nullopt);
}

TEST(ProxyIdentity, TurnsSpiffeIntoLinkerdsNames) {
  EXPECT_EQ(ProxyIdentity("spiffe://cluster.local/ns/shop/sa/web").view(), kWeb);
  EXPECT_EQ(ProxyIdentity("").view(), "");
  EXPECT_EQ(ProxyIdentity("spiffe://other/thing").view(), "spiffe://other/thing");
  EXPECT_LE(ProxyIdentity("spiffe://x/ns/" + std::string(5000, 'a') + "/sa/b").view().size(), 400u);
}

}  // namespace
}  // namespace marty::policy
