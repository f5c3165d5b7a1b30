#include "http/writer.hpp"

#include <gtest/gtest.h>

namespace marty::http {
namespace {

TEST(Writer, WhatIsWrittenIsReadBack) {
  std::string bytes;
  write_request_line(bytes, "POST", "/pets");
  write_header(bytes, "Host", "petstore");
  write_header(bytes, "Content-Length", std::uint64_t{1234567890123});
  write_end_of_head(bytes);
  HeadParser parser;
  RequestHead head;
  ASSERT_EQ(parser.parse(bytes, head), ParseStatus::kComplete);
  EXPECT_EQ(head.target, "/pets");
  EXPECT_EQ(head.content_length, 1234567890123u);
}

TEST(Writer, ChunksAreReadBack) {
  std::string bytes;
  write_chunk(bytes, "hello");
  write_chunk(bytes, "");
  write_chunk(bytes, std::string(300, 'x'));
  write_last_chunk(bytes);
  EXPECT_EQ(bytes, "5\r\nhello\r\n12c\r\n" + std::string(300, 'x') + "\r\n0\r\n\r\n");
}

TEST(Writer, StatusLines) {
  std::string bytes;
  write_status_line(bytes, 431);
  write_status_line(bytes, 299);
  EXPECT_EQ(bytes, "HTTP/1.1 431 Request Header Fields Too Large\r\nHTTP/1.1 299 Unknown\r\n");
  EXPECT_EQ(reason_phrase(100), "Continue");
  EXPECT_EQ(reason_phrase(511), "Network Authentication Required");
  EXPECT_EQ(reason_phrase(999), "Unknown");
}

TEST(Writer, HopByHopFields) {
  for (const char* name :
       {"Connection", "keep-alive", "Proxy-Connection", "TE", "trailer", "TRANSFER-ENCODING", "Upgrade"}) {
    EXPECT_TRUE(is_hop_by_hop(name, "")) << name;
  }
  for (const char* name : {"Host", "Content-Length", "Connections", "X-Private"})
    EXPECT_FALSE(is_hop_by_hop(name, "close")) << name;
  EXPECT_TRUE(is_hop_by_hop("X-Private", "close ,\tx-private"));
  EXPECT_FALSE(is_hop_by_hop("X-Priv", "x-private"));
}

TEST(Writer, ErrorRepliesInEnvoysWords) {
  EXPECT_EQ(reply_for(ParseError::kMalformed).status, 400);
  EXPECT_EQ(reply_for(ParseError::kMalformed).body, "Bad Request");
  EXPECT_EQ(reply_for(ParseError::kMalformed).details, "http1.codec_error");
  EXPECT_EQ(reply_for(ParseError::kMissingHost).body, "");
  EXPECT_EQ(reply_for(ParseError::kVersionTooOld).status, 426);
  EXPECT_EQ(reply_for(ParseError::kHeadTooLarge).status, 431);
  EXPECT_EQ(reply_for(ParseError::kAmbiguousLength).status, 400);
  EXPECT_EQ(reply_for(ParseError::kUnsupportedEncoding).status, 501);
}

}  // namespace
}  // namespace marty::http
