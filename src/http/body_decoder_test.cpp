#include <gtest/gtest.h>

#include <string>

#include "http/parser.hpp"

namespace marty::http {
namespace {

using namespace std::string_literals;

struct Decoded {
  ParseStatus status = ParseStatus::kNeedMore;
  std::string payload;
  std::size_t consumed = 0;
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

/// Plays the driver: shows at most `step` further bytes at a time and keeps what was not consumed.
Decoded decode(BodyDecoder& decoder, std::string_view bytes, std::size_t step) {
  Decoded out;
  for (std::size_t shown = std::min(step, bytes.size());;) {
    const BodyDecoder::Piece piece = decoder.feed(bytes.substr(out.consumed, shown - out.consumed));
    out.consumed += piece.consumed;
    out.payload += piece.payload;
    out.status = piece.status;
    if (piece.status != ParseStatus::kNeedMore) return out;
    if (piece.consumed > 0) continue;
    if (shown == bytes.size()) return out;
    shown = std::min(shown + step, bytes.size());
  }
}

Decoded decode_chunked(std::string_view bytes, std::size_t step, Limits limits = {}) {
  BodyDecoder decoder;
  decoder.start(BodyKind::kChunked, 0, limits);
  return decode(decoder, bytes, step);
}

TEST(BodyDecoder, ChunkedBodiesInPiecesOfEverySize) {
  const std::string tail = "GET /next";
  for (const std::string& body :
       {"0\r\n\r\n"s, "5\r\nhello\r\n0\r\n\r\n"s, "5;ext=\"a;b\"\r\nhello\r\n000\r\n\r\n"s,
        "1\r\nh\r\n04\r\nello\r\n0;last\r\nX-Sum: 1\r\nY:\r\n\r\n"s, "A\r\nhellohello\r\n0\r\n\r\n"s}) {
    const Decoded whole = decode_chunked(body + tail, 10'000);
    EXPECT_EQ(whole.status, ParseStatus::kComplete) << body;
    EXPECT_EQ(whole.consumed, body.size()) << body;
    EXPECT_TRUE(whole.payload.empty() || whole.payload.starts_with("hello")) << body;
    for (std::size_t step = 1; step < body.size(); ++step)
      EXPECT_EQ(decode_chunked(body + tail, step), whole) << step;
  }
}

TEST(BodyDecoder, HostileChunksAreRefusedInPiecesOfEverySize) {
  for (const std::string& body : {"\r\n"s,
                                  "g\r\n"s,
                                  "-1\r\n"s,
                                  "+1\r\n"s,
                                  "0x1\r\n"s,
                                  " 1\r\n"s,
                                  "1 \r\nx\r\n"s,
                                  "1\t;a\r\n"s,
                                  "5\nhello\r\n"s,
                                  "5\r\nhello0\r\n"s,
                                  "5\r\nhello\n0\r\n"s,
                                  "5\r\nhello\r0\r\n"s,
                                  "5;a\rb\r\nhello"s,
                                  "5;a\0\r\nhello"s,
                                  "10000000000000000\r\n"s,
                                  "fffffffffffffffff\r\n"s,
                                  "ffffffffffffffffffffffffffffffffff5\r\n"s,
                                  "0\r\nX : 1\r\n\r\n"s,
                                  "0\r\n folded\r\n\r\n"s,
                                  "0\r\nX: 1\n\r\n"s,
                                  "0\r\nno colon\r\n\r\n"s,
                                  "0\r\n\n"s,
                                  "1;" + std::string(300, 'e') + "\r\n",
                                  std::string(300, '0') + "\r\n",
                                  "0\r\nX: " + std::string(9000, 't') + "\r\n\r\n"}) {
    for (const std::size_t step :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, body.size()}) {
      EXPECT_EQ(decode_chunked(body, step).status, ParseStatus::kError) << body << step;
    }
  }
}

TEST(BodyDecoder, TrailersAreBoundedTogether) {
  std::string body = "0\r\n";
  for (int i = 0; i < 10; ++i) body += "X: 1\r\n";
  EXPECT_EQ(decode_chunked(body + "\r\n", 5, {.trailer_bytes_max = 62}).status, ParseStatus::kComplete);
  EXPECT_EQ(decode_chunked(body + "\r\n", 5, {.trailer_bytes_max = 61}).status, ParseStatus::kError);
}

TEST(BodyDecoder, TheLargestChunkSizeIsCounted) {
  BodyDecoder decoder;
  decoder.start(BodyKind::kChunked, 0);
  const BodyDecoder::Piece piece = decoder.feed("7fffffffffffffff\r\nabc");
  EXPECT_EQ(piece.status, ParseStatus::kNeedMore);
  EXPECT_EQ(piece.payload, "abc");
}

TEST(BodyDecoder, LengthStopsAtItsEnd) {
  for (std::size_t step = 1; step < 12; ++step) {
    BodyDecoder decoder;
    decoder.start(BodyKind::kLength, 5);
    EXPECT_FALSE(decoder.ends_at_close());
    const Decoded out = decode(decoder, "helloGET /", step);
    EXPECT_EQ(out, (Decoded{ParseStatus::kComplete, "hello", 5})) << step;
    EXPECT_TRUE(decoder.complete());
  }
}

TEST(BodyDecoder, EndAtClose) {
  BodyDecoder decoder;
  decoder.start(BodyKind::kUntilClose, 0);
  EXPECT_EQ(decoder.feed("abc").payload, "abc");
  EXPECT_TRUE(decoder.ends_at_close());
  EXPECT_FALSE(decoder.complete());
  decoder.start(BodyKind::kNone, 0);
  EXPECT_TRUE(decoder.complete());
  EXPECT_EQ(decoder.feed("next").consumed, 0u);
  decoder.start(BodyKind::kChunked, 0);
  decoder.feed("5\r\nhel");
  EXPECT_FALSE(decoder.ends_at_close());
}

}  // namespace
}  // namespace marty::http
