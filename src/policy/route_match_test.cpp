#include "policy/route_match.hpp"

#include <gtest/gtest.h>

namespace marty::policy {
namespace {

using Kind = StringMatch::Kind;

StringMatch exact(const char* text) { return {Kind::kExact, text, false, {}, nullptr}; }
StringMatch prefix(const char* text) { return {Kind::kPrefix, text, false, {}, nullptr}; }
StringMatch present() { return {Kind::kPresent, "", false, {}, nullptr}; }
StringMatch regex(const char* text) {
  std::string why;
  return {Kind::kRegex, text, false, {}, Regex::compile(text, why)};
}

bool header_match(RouteMatch match, std::vector<Header> headers) {
  RequestView request{"GET", "/", "echo", "http", headers};
  return match.matches(request);
}
bool with(StringMatch m, std::vector<Header> headers) {
  RouteMatch match;
  match.headers.push_back({"x", std::move(m)});
  return header_match(match, std::move(headers));
}
bool without(StringMatch m, std::vector<Header> headers) {
  RouteMatch match;
  match.without_headers.push_back({"x", std::move(m)});
  return header_match(match, std::move(headers));
}
bool path_match(StringMatch m, std::string_view path) {
  RouteMatch match;
  match.uri = std::move(m);
  return match.matches({"GET", path, "echo"});
}
bool query_match(StringMatch m, std::string_view path) {
  RouteMatch match;
  match.query_params.push_back({"v", std::move(m)});
  return match.matches({"GET", path, "echo"});
}

TEST(RouteMatch, EmptyMatchesEverything) {
  EXPECT_TRUE(RouteMatch{}.matches({}));
  EXPECT_TRUE(RouteMatch{}.matches({"POST", "/x", "y"}));
}

TEST(RouteMatch, UriLooksAtThePathWithoutItsQuery) {
  EXPECT_TRUE(path_match(exact("/exact"), "/exact"));
  EXPECT_TRUE(path_match(exact("/exact"), "/exact?x=1"));
  EXPECT_FALSE(path_match(exact("/exact"), "/exact/"));
  EXPECT_TRUE(path_match(regex("/[a-z]+"), "/abc?d=1"));
  EXPECT_FALSE(path_match(regex("/[a-z]+"), "/abc1"));
}

TEST(RouteMatch, UriPrefixIsRawNotBySegment) {
  EXPECT_TRUE(path_match(prefix("/api"), "/api"));
  EXPECT_TRUE(path_match(prefix("/api"), "/apis/x"));
  EXPECT_TRUE(path_match(prefix("/api"), "/api?q"));
  EXPECT_FALSE(path_match(prefix("/api/"), "/api"));
}

TEST(RouteMatch, HeaderLinesAreTriedOneByOne) {
  const std::vector<Header> two{{"x", "a"}, {"x", "b"}};
  EXPECT_TRUE(with(exact("a"), two));
  EXPECT_TRUE(with(exact("b"), two));
  EXPECT_FALSE(with(exact("a,b"), two));
  EXPECT_TRUE(with(exact("a,b"), {{"x", "a,b"}}));
  EXPECT_FALSE(with(exact("a"), {{"x", "a,b"}}));
}

TEST(RouteMatch, HeaderNamesIgnoreCaseValuesDoNot) {
  EXPECT_TRUE(with(exact("a"), {{"X", "a"}}));
  EXPECT_FALSE(with(exact("a"), {{"X", "A"}}));
}

TEST(RouteMatch, PresentTakesTheEmptyValueButNotAbsence) {
  EXPECT_TRUE(with(present(), {{"x", ""}}));
  EXPECT_FALSE(with(present(), {}));
  EXPECT_FALSE(with(exact(""), {}));
}

TEST(RouteMatch, WithoutTreatsAbsenceAsTheEmptyString) {
  EXPECT_TRUE(without(exact("b"), {}));
  EXPECT_TRUE(without(exact("b"), {{"x", "a"}}));
  EXPECT_FALSE(without(exact("b"), {{"x", "b"}}));
  EXPECT_FALSE(without(exact("b"), {{"x", "a"}, {"x", "b"}}));
  EXPECT_FALSE(without(exact(""), {}));
  EXPECT_FALSE(without(regex(".*"), {}));
  EXPECT_TRUE(without(regex(".+"), {}));
}

TEST(RouteMatch, WithoutPresentAsksForAbsence) {
  EXPECT_TRUE(without(present(), {}));
  EXPECT_FALSE(without(present(), {{"x", ""}}));
}

TEST(RouteMatch, QueryLooksAtTheFirstOccurrenceUndecoded) {
  const struct {
    StringMatch match;
    const char* path;
    bool expected;
  } table[] = {
      {exact("1"), "/p?v=1", true},
      {exact("1"), "/p?v=1&v=2", true},
      {exact("2"), "/p?v=1&v=2", false},
      {exact("1"), "/p?w=0&v=1", true},
      {exact("1"), "/p?vv=1", false},
      {exact("1"), "/p", false},
      {exact(""), "/p?v", true},
      {exact(""), "/p?v=", true},
      {present(), "/p?v", true},
      {present(), "/p?&&v=x", true},
      {present(), "/p?w=v", false},
      {exact("a b"), "/p?v=a%20b", false},
      {exact("a%20b"), "/p?v=a%20b", true},
      {exact("a=b"), "/p?v=a=b", true},
      {prefix("ca"), "/p?v=canary", true},
      {regex("c.*y"), "/p?v=canary", true},
      {exact("1?v=2"), "/p?v=1?v=2", true},
  };
  for (const auto& row : table)
    EXPECT_EQ(query_match(row.match, row.path), row.expected) << row.match.text << " " << row.path;
}

TEST(RouteMatch, AllConditionsMustHold) {
  RouteMatch match;
  match.method = exact("GET");
  match.uri = prefix("/api");
  match.authority = exact("echo:80");
  match.scheme = exact("http");
  match.headers = {{"a", exact("1")}, {":method", exact("GET")}};
  const std::vector<Header> headers{{"a", "1"}};
  const RequestView good{"GET", "/api", "echo:80", "http", headers};
  EXPECT_TRUE(match.matches(good));
  for (int broken = 0; broken < 5; ++broken) {
    RequestView request = good;
    if (broken == 0) request.method = "get";
    if (broken == 1) request.path = "/";
    if (broken == 2) request.authority = "ECHO:80";
    if (broken == 3) request.scheme = "https";
    if (broken == 4) request.headers = {};
    EXPECT_FALSE(match.matches(request)) << broken;
  }
}

TEST(RouteMatch, KnowsCatchAlls) {
  RouteMatch match;
  EXPECT_TRUE(match.matches_everything());
  match.uri = prefix("/");
  EXPECT_TRUE(match.matches_everything());
  match.uri = regex(".*");
  EXPECT_TRUE(match.matches_everything());
  match.headers.push_back({"x", present()});
  EXPECT_FALSE(match.matches_everything());
  match.headers.clear();
  match.uri = prefix("/a");
  EXPECT_FALSE(match.matches_everything());
  match.uri = exact("/");
  EXPECT_FALSE(match.matches_everything());
}

}  // namespace
}  // namespace marty::policy
