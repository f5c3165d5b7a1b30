#include "engine/route_index.hpp"

#include <gtest/gtest.h>

#include "core/rng.hpp"
#include "engine/host_lookup.hpp"

namespace marty::engine {
namespace {

using policy::RouteMatch;
using policy::StringMatch;
using Kind = StringMatch::Kind;

StringMatch text(Kind kind, std::string value) {
  std::string why;
  return {kind, value, false, {}, kind == Kind::kRegex ? policy::Regex::compile(value, why) : nullptr};
}

template <class T>
const T& one_of(Rng& rng, const std::vector<T>& list) {
  return list[rng.below(list.size())];
}

RouteMatch random_match(Rng& rng) {
  const std::vector<std::string> paths{"/", "/a", "/a/b", "/b", ""}, names{"x", "y", "canary"},
      values{"1", "true"};
  RouteMatch match;
  if (rng.below(2))
    match.uri = text(one_of(rng, std::vector{Kind::kExact, Kind::kPrefix}), one_of(rng, paths));
  if (rng.below(8) == 0) match.uri = text(Kind::kRegex, "/a.*");
  if (rng.below(3) == 0) match.method = text(Kind::kExact, "POST");
  for (auto n = rng.below(3); n > 0; --n)
    match.headers.push_back(
        {one_of(rng, names),
         text(one_of(rng, std::vector{Kind::kExact, Kind::kPrefix, Kind::kPresent}), one_of(rng, values))});
  if (rng.below(6) == 0) match.without_headers.push_back({one_of(rng, names), text(Kind::kPresent, "")});
  return match;
}

/// The law: the index answers as trying every match in order does.
TEST(RouteIndex, FindsTheFirstMatch) {
  Rng rng(11);
  for (int round = 0; round < 300; ++round) {
    VirtualHost host;
    for (auto n = rng.below(12) + 1; n > 0; --n) {
      auto& route = host.routes.emplace_back();
      for (auto m = rng.below(4); m > 0; --m) route.matches.push_back(random_match(rng));
      if (route.matches.empty() && rng.below(4)) route.matches.push_back(random_match(rng));
    }
    const RouteIndex index(host);
    for (int i = 0; i < 40; ++i) {
      std::vector<Header> headers;
      for (auto n = rng.below(4); n > 0; --n)
        headers.push_back({one_of(rng, std::vector<std::string_view>{"X", "y", "Canary", "other"}),
                           one_of(rng, std::vector<std::string_view>{"1", "true", "no"})});
      const policy::RequestView request{
          .method = one_of(rng, std::vector<std::string_view>{"GET", "POST"}),
          .path = one_of(rng, std::vector<std::string_view>{"/", "/a", "/a/b?q", "/abc", "/c", ""}),
          .authority = "h",
          .headers = headers};
      const ProgramRoute* expected = nullptr;
      for (const auto& route : host.routes) {
        const bool matches =
            route.matches.empty() || std::any_of(route.matches.begin(), route.matches.end(),
                                                 [&](const auto& m) { return m.matches(request); });
        if (matches) {
          expected = &route;
          break;
        }
      }
      ASSERT_EQ(index.find(request).route, expected) << "round " << round;
    }
  }
}

TEST(HostLookup, AnyCaseAndAnyWayToSayThePort) {
  Program program;
  program.host_index = {{"shop.shop:8080", 0}, {"shop.shop:80", 1}, {"shop.shop", 1}};
  const auto find = [&](std::string_view authority, std::uint16_t port) {
    return find_host(program, {.authority = authority, .port = port});
  };
  EXPECT_EQ(find("shop.shop:8080", 8080), 0u);
  EXPECT_EQ(find("SHOP.Shop:8080", 8080), 0u);
  EXPECT_EQ(find("shop.shop", 80), 1u);
  EXPECT_FALSE(find("shop.shop:9999", 9999));
  EXPECT_FALSE(find("", 80));
  EXPECT_FALSE(find(std::string(5000, 'a'), 80));
  program.host_index.erase("shop.shop");
  EXPECT_EQ(find("shop.shop", 8080), 0u);
  EXPECT_FALSE(find(std::string(261, 'a'), 65535)) << "at the bound";
}

}  // namespace
}  // namespace marty::engine
