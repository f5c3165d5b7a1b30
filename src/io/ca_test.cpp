#include "io/ca.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "io/clock.hpp"
#include "io/files.hpp"
#include "io/openssl.hpp"
#include "io/test_actor.hpp"

namespace marty::io {
namespace {

unsigned mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

TEST(Ca, IsMadeOnceAndLoadedAfterwards) {
  const testing::TemporaryDirectory home;
  const std::string directory = home.path + "/a/ca";
  auto made = Ca::create_or_load(directory, "cluster.local", wall_now());
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(mode_of(directory), 0700u);
  EXPECT_EQ(mode_of(directory + "/ca-key.pem"), 0600u);
  auto loaded = Ca::create_or_load(directory, "cluster.local", wall_now());
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ((*made)->cert_pem(), (*loaded)->cert_pem());
  EXPECT_EQ(openssl::uri_names(openssl::parse_certs((*made)->cert_pem())->front().get()),
            std::vector<std::string>{"spiffe://cluster.local"});
}

TEST(Ca, IssuesSvidsWithCriticalNameAndGivenLifetime) {
  const testing::TemporaryDirectory home;
  auto ca = Ca::create_or_load(home.path + "/ca", "cluster.local", wall_now());
  ASSERT_TRUE(ca);
  const WallTime from{1'800'000'000'000'000'000};
  auto first = (*ca)->issue("spiffe://cluster.local/ns/a/sa/b", from, 1h);
  auto second = (*ca)->issue("spiffe://cluster.local/ns/a/sa/b", from, 1h);
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->key_pem, second->key_pem);
  const auto certs = openssl::parse_certs(first->chain_pem);
  const auto others = openssl::parse_certs(second->chain_pem);
  X509* const cert = (*certs).front().get();
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(cert), X509_get0_serialNumber((*others).front().get())),
            0);
  EXPECT_EQ(openssl::uri_names(cert), std::vector<std::string>{"spiffe://cluster.local/ns/a/sa/b"});
  EXPECT_EQ(X509_NAME_entry_count(X509_get_subject_name(cert)), 0);
  X509_EXTENSION* const name = X509_get_ext(cert, X509_get_ext_by_NID(cert, NID_subject_alt_name, -1));
  EXPECT_EQ(X509_EXTENSION_get_critical(name), 1) << "the subject is empty (RFC 5280 4.2.1.6)";
  EXPECT_EQ(X509_get_extended_key_usage(cert), unsigned{XKU_SSL_SERVER | XKU_SSL_CLIENT});
  time_t before = 1'800'000'000 + 3599, after = 1'800'000'000 + 3601;
  EXPECT_GT(X509_cmp_time(X509_get0_notAfter(cert), &before), 0);
  EXPECT_LT(X509_cmp_time(X509_get0_notAfter(cert), &after), 0);
  ASSERT_TRUE(write_identity(*first, home.path + "/leaf"));
  EXPECT_EQ(mode_of(home.path + "/leaf/key.pem"), 0600u);
}

TEST(Ca, RefusesNamesOutsideItsTrustDomain) {
  const testing::TemporaryDirectory home;
  auto ca = Ca::create_or_load(home.path + "/ca", "cluster.local", wall_now());
  ASSERT_TRUE(ca);
  for (const char* id :
       {"spiffe://other.org/x", "https://cluster.local/x", "spiffe://cluster.local/x,DNS:evil", ""}) {
    EXPECT_FALSE((*ca)->issue(id, wall_now(), 1h)) << id;
  }
  EXPECT_FALSE(Ca::create_or_load(home.path + "/other", "a/b", wall_now()));
}

TEST(Ca, WhatCannotBeLoadedSaysHowToStartOver) {
  struct Case {
    const char* name;
    std::function<Status(const std::string&)> damage;
    std::string domain;
    Duration later;
  };
  const auto none = [](const std::string&) { return ok(); };
  const Case cases[] = {
      {"garbled key", [](auto& dir) { return write_file_atomically(dir + "/ca-key.pem", "-----BEGIN"); },
       "td", 0s},
      {"empty certificate", [](auto& dir) { return write_file_atomically(dir + "/ca-cert.pem", ""); }, "td",
       0s},
      {"no certificate",
       [](auto& dir) {
         ::remove((dir + "/ca-cert.pem").c_str());
         return ok();
       },
       "td", 0s},
      {"another trust domain", none, "other", 0s},
      {"expired", none, "td", 24h * 365 * 11}};
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    const testing::TemporaryDirectory home;
    const std::string directory = home.path + "/ca";
    ASSERT_TRUE(Ca::create_or_load(directory, "td", wall_now()));
    ASSERT_TRUE(test.damage(directory));
    auto loaded = Ca::create_or_load(directory, test.domain, {wall_now().ns + test.later.count()});
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.error().text.find(directory), std::string::npos);
    EXPECT_NE(loaded.error().next.find("rm -r " + directory), std::string::npos);
  }
}

}  // namespace
}  // namespace marty::io
