#pragma once

#include <cstdint>
#include <string_view>

#include "http/header_list.hpp"

namespace marty::http {

/// Bounds on what a peer may send. The defaults are Envoy's for a sidecar.
struct Limits {
  std::size_t head_bytes_max = 60 * 1024;  ///< start line and field lines together
  std::size_t headers_max = 100;
  std::size_t chunk_line_bytes_max = 256;  ///< size line with extensions
  std::size_t trailer_bytes_max = 8 * 1024;
};

/// Why a message was refused. Each maps to one local reply (`reply_for`), worded as Envoy words it.
enum class ParseError {
  kMalformed,        ///< 400 Bad Request, details http1.codec_error
  kHeadTooLarge,     ///< 431 Request Header Fields Too Large
  kVersionTooOld,    ///< 426 Upgrade Required, HTTP/1.0 (details low_version)
  kMissingHost,      ///< 400, empty body (RFC 9112 3.2: none, or more than one, or not the target's)
  kAmbiguousLength,  ///< 400: Content-Length with Transfer-Encoding, or two different lengths (RFC 9112 6.3)
  kUnsupportedEncoding,  ///< 501: a transfer coding other than chunked
};

enum class ParseStatus { kNeedMore, kComplete, kError };

/// How a message's body ends (RFC 9112 6.3).
enum class BodyKind { kNone, kLength, kChunked, kUntilClose };

enum class KeepAlive { kYes, kNo };

/// A request head as views into the bytes given to the parser; dead when those bytes move.
struct RequestHead {
  std::string_view method, target;  ///< target as sent: origin-form, absolute-form, authority-form or *
  std::string_view scheme;          ///< from absolute-form, else empty
  std::string_view
      authority;          ///< from absolute-form, else the Host line; never empty after a parse without error
  std::string_view path;  ///< path with query, "/" where absolute-form has none; authority-form: empty
  HeaderList headers;     ///< every line, hop-by-hop ones included
  BodyKind body = BodyKind::kNone;
  std::uint64_t content_length = 0;
  KeepAlive keep_alive = KeepAlive::kYes;
  bool expects_continue = false;
  std::string_view upgrade;  ///< the Upgrade value when Connection names it (RFC 9110 7.8), else empty
};

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  HeaderList headers;
  BodyKind body = BodyKind::kNone;
  std::uint64_t content_length = 0;
  KeepAlive keep_alive = KeepAlive::kYes;
};

/// Finds and parses one message head at the start of a growing buffer. Feed it the same bytes again, longer,
/// until it says complete: it remembers how far it has looked, so a slow sender costs linear time. Refuses
/// everything two parsers could read differently (request smuggling): bare CR or LF, obs-fold, white space
/// before a colon, NUL, repeated or conflicting lengths, chunked not last. One parser per connection; `reset`
/// between messages.
class HeadParser {
 public:
  explicit HeadParser(Limits limits = {}) : limits_(limits) {}

  ParseStatus parse(std::string_view bytes, RequestHead& out);
  /// `request_method` decides whether a response has a body (HEAD, CONNECT).
  ParseStatus parse(std::string_view bytes, std::string_view request_method, ResponseHead& out);
  /// Bytes of the head after kComplete.
  std::size_t head_bytes() const { return head_bytes_; }
  ParseError error() const { return error_; }
  void reset() { searched_ = head_bytes_ = 0; }

 private:
  template <class Head>
  ParseStatus find_end(std::string_view bytes);
  Limits limits_;
  std::size_t searched_ = 0;
  std::size_t head_bytes_ = 0;
  ParseError error_ = ParseError::kMalformed;
};

/// Cuts a body out of the byte stream. `feed` takes what is there, says how much it consumed and which part
/// of that is payload; call again until it consumes nothing or says done. Trailers are checked, bounded and
/// dropped.
class BodyDecoder {
 public:
  void start(BodyKind kind, std::uint64_t content_length, Limits limits = {});

  struct Piece {
    ParseStatus status = ParseStatus::kNeedMore;  ///< kComplete: the message ends after `consumed`
    std::size_t consumed = 0;
    std::string_view payload;  ///< may be empty while consumed is not
  };
  Piece feed(std::string_view bytes);
  /// The peer closed: true when that is a proper end (until-close, or already complete).
  bool ends_at_close() const;
  bool complete() const { return state_ == State::kDone; }

 private:
  enum class State { kLength, kUntilClose, kChunkSize, kChunkData, kChunkEnd, kTrailers, kDone };
  Piece feed_chunked(std::string_view bytes);
  State state_ = State::kDone;
  std::uint64_t left_ = 0;
  std::size_t trailer_bytes_ = 0;
  Limits limits_;
};

}  // namespace marty::http
