#include "policy/authorization.hpp"

#include <gtest/gtest.h>

namespace marty::policy {
namespace {

using Action = Authorization::Action;
using Policy = Authorization::Policy;
using Rule = Authorization::Rule;

/// As a dialect reads a list value: exact, "abc*", "*abc", "*".
StringMatch form(std::string_view text) {
  using Kind = StringMatch::Kind;
  if (text == "*") return {Kind::kPresent, "", false, {}, nullptr};
  if (text.ends_with('*'))
    return {Kind::kPrefix, std::string(text.substr(0, text.size() - 1)), false, {}, nullptr};
  if (text.starts_with('*')) return {Kind::kSuffix, std::string(text.substr(1)), false, {}, nullptr};
  return {Kind::kExact, std::string(text), false, {}, nullptr};
}

RequestView request(std::string_view method = "GET", std::string_view path = "/pets?x=1",
                    std::string_view identity = "spiffe://cluster.local/ns/shop/sa/web") {
  RequestView r;
  r.method = method;
  r.path = path;
  r.authority = "Pets.Shop:8080";
  r.peer_identity = identity;
  r.peer_ip = "10.1.2.3";
  r.port = 8080;
  return r;
}

Policy policy(Action action, std::vector<Rule> rules, std::string name = "p") {
  Policy p;
  p.ns = "shop";
  p.name = std::move(name);
  p.action = action;
  p.rules = std::move(rules);
  p.origin = {1, 1, 0};
  for (std::size_t i = 0; i < p.rules.size(); ++i)
    p.rules[i].origin = {static_cast<std::uint32_t>(10 + i), 1, 0};
  return p;
}

Rule to_method(const char* method) {
  Rule rule;
  rule.to.emplace_back().methods.push_back(form(method));
  return rule;
}

bool allows(const Rule& rule, const RequestView& r) {
  return Authorization::decide({policy(Action::kAllow, {rule})}, r).allowed;
}

TEST(Authorization, FormsOfAPolicy) {
  const struct {
    const char* story;
    std::vector<Policy> policies;
    bool allowed;
    const char* details;
  } table[] = {
      {"no policy", {}, true, ""},
      {"ALLOW without rules denies all",
       {policy(Action::kAllow, {})},
       false,
       "rbac_access_denied_matched_policy[none]"},
      {"ALLOW with an empty rule allows all", {policy(Action::kAllow, {Rule{}})}, true, ""},
      {"DENY with an empty rule denies all",
       {policy(Action::kDeny, {Rule{}})},
       false,
       "rbac_access_denied_matched_policy[ns[shop]-policy[p]-rule[0]]"},
      {"DENY without rules never matches", {policy(Action::kDeny, {})}, true, ""},
      {"DENY before ALLOW whatever the order",
       {policy(Action::kAllow, {Rule{}}), policy(Action::kDeny, {to_method("PUT"), to_method("GET")}, "no")},
       false,
       "rbac_access_denied_matched_policy[ns[shop]-policy[no]-rule[1]]"},
      {"a DENY that does not match leaves the ALLOW",
       {policy(Action::kDeny, {to_method("PUT")}), policy(Action::kAllow, {to_method("GET")})},
       true,
       ""},
      {"no ALLOW policy: the rest passes", {policy(Action::kDeny, {to_method("PUT")})}, true, ""},
      {"any ALLOW match is enough",
       {policy(Action::kAllow, {}), policy(Action::kAllow, {to_method("GET")})},
       true,
       ""},
      {"no ALLOW match",
       {policy(Action::kAllow, {to_method("PUT")})},
       false,
       "rbac_access_denied_matched_policy[none]"},
  };
  for (const auto& row : table) {
    const auto decision = Authorization::decide(row.policies, request());
    EXPECT_EQ(decision.allowed, row.allowed) << row.story;
    EXPECT_EQ(decision.details(), row.details) << row.story;
  }
}

TEST(Authorization, DecisionsPointAtTheirLine) {
  const std::vector<Policy> matched{policy(Action::kAllow, {to_method("PUT"), to_method("GET")})};
  const auto allowed = Authorization::decide(matched, request());
  EXPECT_EQ(allowed.policy, &matched[0]);
  EXPECT_EQ(allowed.rule, 1u);
  EXPECT_EQ(allowed.origin.line, 11u);
  const std::vector<Policy> unmatched{policy(Action::kDeny, {}), policy(Action::kAllow, {to_method("PUT")})};
  const auto denied = Authorization::decide(unmatched, request());
  EXPECT_EQ(denied.policy, nullptr);
  EXPECT_EQ(denied.origin.line, 1u) << "the first ALLOW policy";
  EXPECT_FALSE(Authorization::decide({}, request()).origin.known());
}

TEST(Authorization, Principals) {
  const struct {
    const char *pattern, *identity;
    bool matches;
  } table[] = {
      {"cluster.local/ns/shop/sa/web", "spiffe://cluster.local/ns/shop/sa/web", true},
      {"spiffe://cluster.local/ns/shop/sa/web", "spiffe://cluster.local/ns/shop/sa/web", false},
      {"cluster.local/ns/shop/sa/web", "spiffe://cluster.local/ns/shop/sa/Web", false},
      {"cluster.local/ns/shop/*", "spiffe://cluster.local/ns/shop/sa/web", true},
      {"*/sa/web", "spiffe://other/ns/shop/sa/web", true},
      {"*", "spiffe://cluster.local/ns/shop/sa/web", true},
      {"*", "", false},
      {"cluster.local/ns/shop/sa/web", "", false},
      {"cluster.local/*/shop/sa/web", "spiffe://cluster.local/ns/shop/sa/web", false},
  };
  for (const auto& row : table) {
    Rule rule;
    rule.from.emplace_back().principals.push_back(form(row.pattern));
    EXPECT_EQ(allows(rule, request("GET", "/", row.identity)), row.matches)
        << row.pattern << " " << row.identity;
    Rule inverse;
    inverse.from.emplace_back().not_principals.push_back(form(row.pattern));
    EXPECT_EQ(allows(inverse, request("GET", "/", row.identity)), !row.matches) << "not " << row.pattern;
  }
}

TEST(Authorization, NamespacesComeFromTheIdentity) {
  Rule rule;
  rule.from.emplace_back().namespaces.push_back(form("shop"));
  EXPECT_TRUE(allows(rule, request()));
  EXPECT_FALSE(allows(rule, request("GET", "/", "spiffe://cluster.local/ns/shop2/sa/shop")));
  EXPECT_FALSE(allows(rule, request("GET", "/", "")));
}

TEST(Authorization, IpBlocks) {
  Rule rule;
  rule.from.emplace_back().ip_blocks = {std::string("192.168.0.0/16"), std::string("10.1.0.0/16")};
  EXPECT_TRUE(allows(rule, request()));
  rule.from[0].not_ip_blocks = {std::string("10.1.2.3")};
  EXPECT_FALSE(allows(rule, request()));
  rule.from[0].ip_blocks = {std::string("not an address")};
  EXPECT_FALSE(allows(rule, request()));
}

TEST(Authorization, Operations) {
  const auto with = [](auto set) {
    Rule rule;
    set(rule.to.emplace_back());
    return rule;
  };
  using Operation = Authorization::Operation;
  EXPECT_TRUE(allows(with([](Operation& o) { o.hosts = {form("pets.shop:8080")}; }), request()))
      << "any case";
  EXPECT_FALSE(allows(with([](Operation& o) { o.hosts = {form("pets.shop")}; }), request()))
      << "port included";
  EXPECT_TRUE(allows(with([](Operation& o) { o.hosts = {form("PETS.*")}; }), request()));
  EXPECT_FALSE(allows(with([](Operation& o) { o.methods = {form("get")}; }), request())) << "case-sensitive";
  EXPECT_TRUE(allows(with([](Operation& o) { o.paths = {form("/pets")}; }), request())) << "without query";
  EXPECT_TRUE(allows(with([](Operation& o) { o.paths = {form("*ts")}; }), request()));
  EXPECT_FALSE(allows(with([](Operation& o) { o.paths = {form("/pets/*")}; }), request()));
  EXPECT_TRUE(allows(with([](Operation& o) { o.ports = {std::string("8080")}; }), request()));
  EXPECT_FALSE(allows(with([](Operation& o) { o.ports = {std::string("80")}; }), request()));
  EXPECT_FALSE(allows(with([](Operation& o) { o.not_ports = {std::string("8080")}; }), request()));
  EXPECT_FALSE(allows(with([](Operation& o) { o.not_methods = {form("*")}; }), request()));
  EXPECT_FALSE(allows(with([](Operation& o) {
                        o.methods = {form("GET")};
                        o.not_paths = {form("/pets*")};
                      }),
                      request()))
      << "fields are joined by AND";
}

TEST(Authorization, Conditions) {
  std::vector<Header> headers{
      {"X-Team", "red"}, {"x-team", "blue"}, {"x-empty", ""}, {"x-forwarded-for", "1.1.1.1, 203.0.113.9"}};
  auto r = request();
  r.headers = headers;
  const struct {
    const char *key, *value;
    bool matches;
  } table[] = {
      {"source.principal", "cluster.local/ns/shop/sa/web", true},
      {"source.namespace", "shop", true},
      {"source.namespace", "other", false},
      {"source.trustDomain", "cluster.local", true},
      {"source.serviceAccount", "web", true},
      {"source.serviceAccount", "shop/web", true},
      {"source.serviceAccount", "other/web", false},
      {"source.ip", "10.0.0.0/8", true},
      {"source.ip", "11.0.0.0/8", false},
      {"remote.ip", "203.0.113.0/24", true},
      {"remote.ip", "1.1.1.1", false},
      {"destination.port", "8080", true},
      {"request.headers[x-team]", "red", true},
      {"request.headers[x-team]", "blue", true},
      {"request.headers[x-team]", "red,blue", false},
      {"request.headers[X-TEAM]", "bl*", true},
      {"request.headers[x-empty]", "*", true},
      {"request.headers[x-none]", "*", false},
      {"request.auth.claims[iss]", "*", false},
      {"experimental.whatever", "*", false},
  };
  for (const auto& row : table) {
    Rule rule;
    rule.when.push_back({row.key, {form(row.value)}, {}, {}});
    EXPECT_EQ(allows(rule, r), row.matches) << row.key << " " << row.value;
    rule.when[0] = {row.key, {}, {form(row.value)}, {}};
    EXPECT_EQ(allows(rule, r), !row.matches) << row.key << " not " << row.value;
  }
}

TEST(Authorization, RemoteIpWithoutForwardingIsThePeer) {
  Rule rule;
  rule.when.push_back({"remote.ip", {form("10.1.2.3")}, {}, {}});
  EXPECT_TRUE(allows(rule, request()));
}

// from, to and when are joined by AND; their entries by OR, except when: all. Every combination of which of
// two entries each list has and whether it matches.
TEST(Authorization, ExhaustiveJoins) {
  for (unsigned bits = 0; bits < 64; ++bits) {
    const auto yes = [&](int i) { return (bits >> i & 1u) != 0; };
    Rule rule;
    for (int i : {0, 1}) {
      rule.from.emplace_back().namespaces.push_back(form(yes(i) ? "shop" : "no"));
      rule.to.emplace_back().methods.push_back(form(yes(2 + i) ? "GET" : "no"));
      rule.when.push_back({"destination.port", {form(yes(4 + i) ? "8080" : "1")}, {}, {}});
    }
    const bool expected = (yes(0) || yes(1)) && (yes(2) || yes(3)) && (yes(4) && yes(5));
    EXPECT_EQ(allows(rule, request()), expected) << bits;
  }
}

TEST(Authorization, EqualityIgnoresOrigins) {
  auto a = policy(Action::kAllow, {to_method("GET")}), b = a;
  b.origin = {9, 9, 9};
  b.rules[0].origin = {8, 8, 8};
  EXPECT_TRUE(a == b);
  b.rules[0].to[0].not_methods.push_back(form("x"));
  EXPECT_FALSE(a == b);
}

}  // namespace
}  // namespace marty::policy
