#include "http/framing.hpp"

#include "http/request_target.hpp"

namespace marty::http {
namespace {

/// RFC 9110 8.6: digits only, no sign, no list. Bounded so that sums of lengths cannot overflow.
bool read_length(std::string_view digits, std::uint64_t& out) {
  out = 0;
  for (char c : digits) {
    if (c < '0' || c > '9' || out > INT64_MAX / 10 - 1) return false;
    out = out * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return !digits.empty();
}

}  // namespace

void Framing::note_known(const Header& line) {
  const auto named = [&](std::string_view name) { return equals_ignoring_case(line.name, name); };
  switch (line.name.size()) {
    case 4:
      if (named("host")) ++hosts_, host_ = line.value;
      break;
    case 6:
      if (named("expect")) expects_continue_ |= equals_ignoring_case(line.value, "100-continue");
      break;
    case 7:
      if (named("upgrade") && upgrade_.empty()) upgrade_ = line.value;
      break;
    case 10:
      if (named("connection")) note_connection(line.value);
      break;
    case 14:
      if (named("content-length")) note_length(line.value);
      break;
    case 17:
      if (named("transfer-encoding")) note_coding(line.value);
      break;
  }
}

void Framing::note_length(std::string_view value) {
  // RFC 9112 6.3 would let equal repeats pass; no honest client sends them.
  if (has_length_) refuse(ParseError::kAmbiguousLength);
  has_length_ = true;
  if (!read_length(value, length_)) refuse(ParseError::kMalformed);
}

void Framing::note_coding(std::string_view value) {
  if (chunked_) refuse(ParseError::kMalformed);
  chunked_ = true;
  if (equals_ignoring_case(value, "chunked")) return;
  const std::size_t comma = value.rfind(',');
  const bool chunked_in_front = comma != value.npos && list_contains(value.substr(0, comma), "chunked");
  refuse(chunked_in_front || value.empty() ? ParseError::kMalformed : ParseError::kUnsupportedEncoding);
}

void Framing::note_connection(std::string_view value) {
  if (equals_ignoring_case(value, "keep-alive")) {
    says_keep_alive_ = true;
    return;
  }
  says_close_ |= list_contains(value, "close");
  says_keep_alive_ |= list_contains(value, "keep-alive");
  says_upgrade_ |= list_contains(value, "upgrade");
}

std::optional<ParseError> Framing::finish(RequestHead& head) const {
  if (error_) return error_;
  if (chunked_ && has_length_) return ParseError::kAmbiguousLength;
  if (hosts_ != 1) return ParseError::kMissingHost;
  if (head.authority.empty()) {
    if (host_.empty()) return ParseError::kMissingHost;
    head.authority = host_;
  }
  if (!host_.empty() && !is_authority(host_)) return ParseError::kMissingHost;
  head.content_length = length_;
  head.body = chunked_ ? BodyKind::kChunked : length_ > 0 ? BodyKind::kLength : BodyKind::kNone;
  head.keep_alive = says_close_ ? KeepAlive::kNo : KeepAlive::kYes;
  head.expects_continue = expects_continue_;
  head.upgrade = says_upgrade_ ? upgrade_ : std::string_view{};
  return std::nullopt;
}

std::optional<ParseError> Framing::finish(ResponseHead& head, Version version,
                                          std::string_view request_method) const {
  if (error_) return error_;
  if (chunked_ && (has_length_ || version == Version::k10)) return ParseError::kAmbiguousLength;
  const bool never_has_body = head.status < 200 || head.status == 204;
  // Envoy refuses these too: a peer that believes in the body would leave it in front of the next response.
  if (never_has_body && (chunked_ || length_ > 0)) return ParseError::kMalformed;
  head.content_length = length_;
  const bool persists = version == Version::k11 || says_keep_alive_;
  head.keep_alive = persists && !says_close_ ? KeepAlive::kYes : KeepAlive::kNo;
  if (never_has_body || head.status == 304 || request_method == "HEAD") {
    head.body = BodyKind::kNone;
  } else if (request_method == "CONNECT" && head.status < 300) {
    head.body = BodyKind::kUntilClose;
  } else if (chunked_) {
    head.body = BodyKind::kChunked;
  } else if (has_length_) {
    head.body = length_ > 0 ? BodyKind::kLength : BodyKind::kNone;
  } else {
    head.body = BodyKind::kUntilClose;
  }
  if (head.body == BodyKind::kUntilClose) head.keep_alive = KeepAlive::kNo;
  return std::nullopt;
}

}  // namespace marty::http
