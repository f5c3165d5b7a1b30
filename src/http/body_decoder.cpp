#include <algorithm>

#include "http/field_line.hpp"
#include "http/parser.hpp"

namespace marty::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// chunk-size [";" extension] CR, without the LF (RFC 9112 7.1). White space after the size is refused:
/// parsers disagree about it. Extensions are checked for control bytes only and dropped.
bool read_chunk_line(std::string_view line, std::uint64_t& size) {
  if (line.empty() || line.back() != '\r') return false;
  line.remove_suffix(1);
  std::size_t digits = 0;
  size = 0;
  for (; digits < line.size() && hex_digit(line[digits]) >= 0; ++digits) {
    if (size >> 59 != 0) return false;
    size = size << 4 | static_cast<std::uint64_t>(hex_digit(line[digits]));
  }
  if (digits == 0) return false;
  if (digits == line.size()) return true;
  const char* const end = line.data() + line.size();
  return line[digits] == ';' && skip_field_bytes(line.data() + digits, end) == end;
}

}  // namespace

void BodyDecoder::start(BodyKind kind, std::uint64_t content_length, Limits limits) {
  limits_ = limits;
  left_ = kind == BodyKind::kLength ? content_length : 0;
  trailer_bytes_ = 0;
  switch (kind) {
    case BodyKind::kNone:
      state_ = State::kDone;
      break;
    case BodyKind::kLength:
      state_ = left_ == 0 ? State::kDone : State::kLength;
      break;
    case BodyKind::kChunked:
      state_ = State::kChunkSize;
      break;
    case BodyKind::kUntilClose:
      state_ = State::kUntilClose;
      break;
  }
}

bool BodyDecoder::ends_at_close() const { return state_ == State::kUntilClose || state_ == State::kDone; }

BodyDecoder::Piece BodyDecoder::feed(std::string_view bytes) {
  switch (state_) {
    case State::kDone:
      return {ParseStatus::kComplete, 0, {}};
    case State::kUntilClose:
      return {ParseStatus::kNeedMore, bytes.size(), bytes};
    case State::kLength: {
      const std::string_view payload =
          bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
      left_ -= payload.size();
      if (left_ == 0) state_ = State::kDone;
      return {left_ == 0 ? ParseStatus::kComplete : ParseStatus::kNeedMore, payload.size(), payload};
    }
    default:
      return feed_chunked(bytes);
  }
}

/// Runs over framing until there is payload to hand out, so one call takes a size line and its data together.
BodyDecoder::Piece BodyDecoder::feed_chunked(std::string_view bytes) {
  std::size_t used = 0;
  const auto refused = [&] { return Piece{ParseStatus::kError, used, {}}; };
  for (;;) {
    const std::string_view rest = bytes.substr(used);
    if (state_ == State::kChunkData) {
      const std::string_view payload =
          rest.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size())));
      left_ -= payload.size();
      if (left_ == 0) state_ = State::kChunkEnd;
      return {ParseStatus::kNeedMore, used + payload.size(), payload};
    }
    if (state_ == State::kChunkEnd) {
      if (!std::string_view("\r\n").starts_with(rest.substr(0, 2))) return refused();
      if (rest.size() < 2) return {ParseStatus::kNeedMore, used, {}};
      used += 2;
      state_ = State::kChunkSize;
      continue;
    }
    const std::size_t line_max = state_ == State::kChunkSize ? limits_.chunk_line_bytes_max
                                                             : limits_.trailer_bytes_max - trailer_bytes_;
    const std::size_t newline = rest.substr(0, line_max).find('\n');
    if (newline == rest.npos) {
      if (rest.size() >= line_max) return refused();
      return {ParseStatus::kNeedMore, used, {}};
    }
    if (state_ == State::kChunkSize) {
      if (!read_chunk_line(rest.substr(0, newline), left_)) return refused();
      state_ = left_ > 0 ? State::kChunkData : State::kTrailers;
    } else {
      trailer_bytes_ += newline + 1;
      if (rest.substr(0, newline + 1) == "\r\n") state_ = State::kDone;
      Header trailer;
      const char* const end = rest.data() + newline + 1;
      if (state_ != State::kDone && read_field_line(rest.data(), end, trailer) != end) return refused();
    }
    used += newline + 1;
    if (state_ == State::kDone) return {ParseStatus::kComplete, used, {}};
  }
}

}  // namespace marty::http
