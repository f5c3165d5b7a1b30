#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/parser.hpp"

namespace marty::http {
namespace {

using namespace std::string_literals;

std::string get_with(std::string_view lines) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

std::string post_with(std::string_view lines) {
  return "POST /x HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

TEST(RequestHead, IsTakenApart) {
  const std::string bytes =
      "\r\nPATCH /pets/7?deep=1 HTTP/1.1\r\nHost: petstore:8080\r\nX-Empty:\r\nX-Odd:\t caf\xc3\xa9 \t \r\n"
      "Content-Length: 12\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nExpect: "
      "100-Continue\r\n\r\nrest";
  HeadParser parser;
  RequestHead head;
  ASSERT_EQ(parser.parse(bytes, head), ParseStatus::kComplete);
  EXPECT_EQ(parser.head_bytes(), bytes.size() - 4);
  EXPECT_EQ(head.method, "PATCH");
  EXPECT_EQ(head.target, "/pets/7?deep=1");
  EXPECT_EQ(head.path, "/pets/7?deep=1");
  EXPECT_EQ(head.authority, "petstore:8080");
  EXPECT_EQ(head.scheme, "");
  EXPECT_EQ(head.headers.size(), 7u);
  EXPECT_EQ(head.headers.find("x-odd")->value, "caf\xc3\xa9");
  EXPECT_EQ(head.headers.find("x-empty")->value, "");
  EXPECT_EQ(head.headers.find("absent"), nullptr);
  EXPECT_EQ(head.body, BodyKind::kLength);
  EXPECT_EQ(head.content_length, 12u);
  EXPECT_EQ(head.keep_alive, KeepAlive::kNo);
  EXPECT_TRUE(head.expects_continue);
  EXPECT_EQ(head.upgrade, "websocket");
}

TEST(RequestHead, NothingIsLeftOverFromTheMessageBefore) {
  HeadParser parser;
  RequestHead head;
  const std::string first =
      "POST http://x/y HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n"
      "Connection: upgrade, close\r\nUpgrade: h2c\r\n\r\n";
  ASSERT_EQ(parser.parse(first, head), ParseStatus::kComplete);
  parser.reset();
  const std::string second = get_with("");
  ASSERT_EQ(parser.parse(second, head), ParseStatus::kComplete);
  EXPECT_EQ(head.scheme, "");
  EXPECT_EQ(head.authority, "a");
  EXPECT_EQ(head.path, "/");
  EXPECT_EQ(head.headers.size(), 1u);
  EXPECT_EQ(head.body, BodyKind::kNone);
  EXPECT_EQ(head.keep_alive, KeepAlive::kYes);
  EXPECT_FALSE(head.expects_continue);
  EXPECT_EQ(head.upgrade, "");
}

TEST(RequestHead, UpgradeCountsOnlyWhenConnectionNamesIt) {
  HeadParser parser;
  RequestHead head;
  const std::string bytes = get_with("Upgrade: websocket\r\n");
  ASSERT_EQ(parser.parse(bytes, head), ParseStatus::kComplete);
  EXPECT_EQ(head.upgrade, "");
}

struct TargetRow {
  std::string line, scheme, authority, path;
};

TEST(RequestHead, TargetForms) {
  const TargetRow rows[] = {
      {"GET /", "", "h", "/"},
      {"GET //evil/x", "", "h", "//evil/x"},
      {"GET /a?b=c?d", "", "h", "/a?b=c?d"},
      {"GET http://pet.ns:8080/p?q", "http", "pet.ns:8080", "/p?q"},
      {"GET HTTPS://pet", "HTTPS", "pet", "/"},
      {"GET http://[::1]:80/x", "http", "[::1]:80", "/x"},
      {"OPTIONS *", "", "h", "*"},
      {"CONNECT pet:443", "", "pet:443", ""},
  };
  for (const TargetRow& row : rows) {
    HeadParser parser;
    RequestHead head;
    const std::string bytes = row.line + " HTTP/1.1\r\nHost: h\r\n\r\n";
    ASSERT_EQ(parser.parse(bytes, head), ParseStatus::kComplete) << row.line;
    EXPECT_EQ(head.scheme, row.scheme) << row.line;
    EXPECT_EQ(head.authority, row.authority) << row.line;
    EXPECT_EQ(head.path, row.path) << row.line;
  }
}

struct BadRow {
  std::string bytes;
  ParseError error;
};

std::vector<BadRow> bad_requests() {
  constexpr auto kBad = ParseError::kMalformed;
  std::vector<BadRow> rows;
  for (const std::string& line : {"GET / HTTP/1.2"s,           "GET / HTTP/2.0"s,
                                  "GET / http/1.1"s,           "GET /"s,
                                  "GET  / HTTP/1.1"s,          "GET /  HTTP/1.1"s,
                                  "GET / HTTP/1.1 "s,          " GET / HTTP/1.1"s,
                                  "G@T / HTTP/1.1"s,           "GET /a b HTTP/1.1"s,
                                  "GET /\x01 HTTP/1.1"s,       "GET /a#b HTTP/1.1"s,
                                  "GET /\xc3\xa9 HTTP/1.1"s,   "GET * HTTP/1.1"s,
                                  "GET x HTTP/1.1"s,           "GET\t/ HTTP/1.1"s,
                                  "GET ftp://x/ HTTP/1.1"s,    "GET http:///x HTTP/1.1"s,
                                  "GET http://u@x/ HTTP/1.1"s, "GET http:/x HTTP/1.1"s,
                                  "GET http://x?y HTTP/1.1"s,  "GET http://x:99999/ HTTP/1.1"s,
                                  "CONNECT / HTTP/1.1"s,       "GET /\0 HTTP/1.1"s,
                                  "\x16\x03\x01 / HTTP/1.1"s}) {
    rows.push_back({line + "\r\nHost: a\r\n\r\n", kBad});
  }
  for (const std::string& lines :
       {"X : 1\r\n"s, "X\t: 1\r\n"s, " X: 1\r\n"s, "A: 1\r\n folded\r\n"s, "A: 1\r\n\tfolded\r\n"s,
        ": 1\r\n"s, "X\r\n"s, "X: a\0b\r\n"s, "X: a\rb\r\n"s, "X: a\x7f\r\n"s, "X: \x0b\r\n"s,
        "X\x80: 1\r\n"s, "X(: 1\r\n"s, "X: 1\nY: 2\r\n"s, "X: 1\r\r\n"s}) {
    rows.push_back({get_with(lines), kBad});
  }
  rows.push_back({"GET / HTTP/1.1\nHost: a\n\n", kBad});
  rows.push_back({"\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", kBad});
  rows.push_back({"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", kBad});
  rows.push_back({"GET / HTTP/1.0\r\n\r\n", ParseError::kVersionTooOld});
  rows.push_back({"GET / HTTP/1.1\r\n\r\n", ParseError::kMissingHost});
  rows.push_back({"GET http://a/ HTTP/1.1\r\n\r\n", ParseError::kMissingHost});
  for (const std::string& host : {""s, "a b"s, "u@a"s, "a:b"s, "a:1:2"s, "[::1"s, "a/b"s, ":80"s}) {
    rows.push_back({"GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", ParseError::kMissingHost});
  }
  rows.push_back({get_with("Host: a\r\n"), ParseError::kMissingHost});
  return rows;
}

std::vector<BadRow> smuggled_requests() {
  const auto bad = ParseError::kMalformed, ambiguous = ParseError::kAmbiguousLength;
  const auto unsupported = ParseError::kUnsupportedEncoding;
  return {
      {post_with("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n"), ambiguous},  // CL.TE
      {post_with("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n"), ambiguous},  // TE.CL
      {post_with("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), ambiguous},
      {post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), bad},  // TE.TE
      {post_with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), bad},
      {post_with("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"), unsupported},
      {post_with("Transfer-Encoding: chunked, chunked\r\n"), bad},
      {post_with("Transfer-Encoding: chunked, gzip\r\n"), bad},
      {post_with("Transfer-Encoding: gzip, chunked\r\n"), unsupported},
      {post_with("Transfer-Encoding: xchunked\r\n"), unsupported},
      {post_with("Transfer-Encoding: \"chunked\"\r\n"), unsupported},
      {post_with("Transfer-Encoding: chunked;q=1\r\n"), unsupported},
      {post_with("Transfer-Encoding:\r\n"), bad},
      {post_with("Transfer-Encoding : chunked\r\n"), bad},
      {post_with("Transfer-Encoding:\x0b"
                 "chunked\r\n"),
       bad},
      {post_with("Transfer-Encoding:\r\n chunked\r\n"), bad},
      {post_with("X: x\nTransfer-Encoding: chunked\r\n"), bad},
      {post_with("Content-Length: 5\r\nContent-Length: 6\r\n"), ambiguous},
      {post_with("Content-Length: 5\r\nContent-Length: 5\r\n"), ambiguous},
      {post_with("Content-Length: 5, 5\r\n"), bad},
      {post_with("Content-Length: +5\r\n"), bad},
      {post_with("Content-Length: -1\r\n"), bad},
      {post_with("Content-Length: 0x5\r\n"), bad},
      {post_with("Content-Length: 5 5\r\n"), bad},
      {post_with("Content-Length: 1e3\r\n"), bad},
      {post_with("Content-Length:\r\n"), bad},
      {post_with("Content-Length: 18446744073709551617\r\n"), bad},
      {post_with("Content-Length: 99999999999999999999999999999999\r\n"), bad},
  };
}

TEST(RequestHead, WhatTwoParsersCouldReadDifferentlyIsRefused) {
  std::vector<BadRow> rows = bad_requests();
  for (BadRow& row : smuggled_requests()) rows.push_back(std::move(row));
  for (const BadRow& row : rows) {
    HeadParser parser;
    RequestHead head;
    ASSERT_EQ(parser.parse(row.bytes, head), ParseStatus::kError) << row.bytes;
    EXPECT_EQ(parser.error(), row.error) << row.bytes;
  }
}

TEST(RequestHead, EverySplitGivesTheSameResult) {
  std::vector<BadRow> rows = bad_requests();
  for (BadRow& row : smuggled_requests()) rows.push_back(std::move(row));
  for (const BadRow& row : rows) {
    for (std::size_t cut = 0; cut < row.bytes.size(); ++cut) {
      HeadParser parser;
      RequestHead head;
      ParseStatus status = parser.parse(std::string(row.bytes.substr(0, cut)), head);
      ASSERT_NE(status, ParseStatus::kComplete);
      if (status == ParseStatus::kNeedMore) status = parser.parse(row.bytes, head);
      ASSERT_EQ(status, ParseStatus::kError) << row.bytes << cut;
      ASSERT_EQ(parser.error(), row.error) << row.bytes << cut;
    }
  }
  const std::string good = "\r\n\r\n" + get_with("Accept: */*\r\n");
  HeadParser slow;  // one byte at a time, in a buffer that moves every time
  for (std::size_t size = 0; size <= good.size(); ++size) {
    RequestHead head;
    const std::string moved = good.substr(0, size);
    ASSERT_EQ(slow.parse(moved, head), size == good.size() ? ParseStatus::kComplete : ParseStatus::kNeedMore)
        << size;
  }
  EXPECT_EQ(slow.head_bytes(), good.size());
}

TEST(RequestHead, SizeLimits) {
  const Limits limits{.head_bytes_max = 200, .headers_max = 3};
  const auto outcome = [&](const std::string& bytes) {
    HeadParser parser(limits);
    RequestHead head;
    return parser.parse(bytes, head) == ParseStatus::kError ? parser.error() : ParseError::kMalformed;
  };
  EXPECT_EQ(outcome(get_with("A: 1\r\nB: 1\r\nC: 1\r\n")), ParseError::kHeadTooLarge);
  EXPECT_EQ(outcome(get_with("A: " + std::string(200, 'x') + "\r\n")), ParseError::kHeadTooLarge);
  EXPECT_EQ(outcome("GET /" + std::string(200, 'x')), ParseError::kHeadTooLarge) << "before the end is there";
  HeadParser parser(limits);
  RequestHead head;
  EXPECT_EQ(parser.parse(get_with("A: 1\r\nB: 1\r\n"), head), ParseStatus::kComplete);
  const std::size_t rest = 200 - get_with("A: \r\n").size();
  parser.reset();
  EXPECT_EQ(parser.parse(get_with("A: " + std::string(rest, 'x') + "\r\n"), head), ParseStatus::kComplete);
  parser.reset();
  EXPECT_EQ(parser.parse(get_with("A: " + std::string(rest + 1, 'x') + "\r\n"), head), ParseStatus::kError);
}

struct ResponseRow {
  std::string bytes, method;
  BodyKind body;
  std::uint64_t length;
  KeepAlive keep_alive;
};

TEST(ResponseHead, BodyAndPersistence) {
  constexpr auto kYes = KeepAlive::kYes, kNo = KeepAlive::kNo;
  const ResponseRow rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "GET", BodyKind::kLength, 5, kYes},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "GET", BodyKind::kNone, 0, kYes},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", BodyKind::kNone, 5, kYes},
      {"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n", "GET", BodyKind::kChunked, 0, kYes},
      {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "HEAD", BodyKind::kNone, 0, kYes},
      {"HTTP/1.1 200 OK\r\n\r\n", "GET", BodyKind::kUntilClose, 0, kNo},
      {"HTTP/1.1 204 No Content\r\n\r\n", "GET", BodyKind::kNone, 0, kYes},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "GET", BodyKind::kNone, 9, kYes},
      {"HTTP/1.1 100 Continue\r\n\r\n", "POST", BodyKind::kNone, 0, kYes},
      {"HTTP/1.1 200 OK\r\n\r\n", "CONNECT", BodyKind::kUntilClose, 0, kNo},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n", "GET", BodyKind::kLength, 1, kNo},
      {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", "GET", BodyKind::kLength, 1, kNo},
      {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n", "GET", BodyKind::kLength, 1,
       kYes},
  };
  for (const ResponseRow& row : rows) {
    HeadParser parser;
    ResponseHead head;
    ASSERT_EQ(parser.parse(row.bytes, row.method, head), ParseStatus::kComplete) << row.bytes;
    EXPECT_EQ(head.body, row.body) << row.bytes << row.method;
    EXPECT_EQ(head.content_length, row.length) << row.bytes;
    EXPECT_EQ(head.keep_alive, row.keep_alive) << row.bytes;
  }
}

TEST(ResponseHead, StatusLines) {
  HeadParser parser;
  ResponseHead head;
  ASSERT_EQ(parser.parse("HTTP/1.1 503 Out of  pets\r\n\r\n", "GET", head), ParseStatus::kComplete);
  EXPECT_EQ(head.status, 503);
  EXPECT_EQ(head.reason, "Out of  pets");
  for (const char* line : {"HTTP/1.1 200", "HTTP/1.1 200 "}) {
    parser.reset();
    ASSERT_EQ(parser.parse(std::string(line) + "\r\n\r\n", "GET", head), ParseStatus::kComplete) << line;
    EXPECT_EQ(head.reason, "");
  }
  for (const char* line :
       {"HTTP/1.1 20", "HTTP/1.1 2000", "HTTP/1.1 600 x", "HTTP/1.1 099 x", "HTTP/2 200 OK",
        "HTTP/1.2 200 OK", "HTTP/1.1  200 OK", "ICY 200 OK", "HTTP/1.1 200\tOK", "HTTP/1.1 200 a\x01",
        "\r\nHTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked", "HTTP/1.1 204 OK\r\nContent-Length: 1",
        "HTTP/1.1 204 OK\r\nTransfer-Encoding: chunked", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2", "HTTP/1.1 200 OK\r\nX : 1"}) {
    parser.reset();
    EXPECT_EQ(parser.parse(std::string(line) + "\r\n\r\n", "GET", head), ParseStatus::kError) << line;
  }
}

}  // namespace
}  // namespace marty::http
