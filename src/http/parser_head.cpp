#include <algorithm>
#include <cstring>
#include <type_traits>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "http/chars.hpp"
#include "http/field_line.hpp"
#include "http/framing.hpp"
#include "http/request_target.hpp"

namespace marty::http {
namespace {

/// Empty lines in front of a request (RFC 9112 2.2 asks for at least one): some clients end a body with a
/// stray CRLF.
constexpr std::size_t kEmptyLinesMax = 2;

std::size_t leading_empty_bytes(std::string_view bytes) {
  std::size_t skipped = 0;
  while (skipped < 2 * kEmptyLinesMax && bytes.substr(skipped, 2) == "\r\n") skipped += 2;
  return skipped;
}

std::string_view span(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

/// Where a line feed is followed by another CR or LF: the end of a head or an error, never inside a good
/// head. Without one, the position from which to look again when there is more.
std::size_t find_line_end_pair(std::string_view bytes, std::size_t from) {
  const char* at = bytes.data() + from;
  const char* const end = bytes.data() + bytes.size();
#ifdef __SSE2__
  const __m128i cr = _mm_set1_epi8('\r'), lf = _mm_set1_epi8('\n');
  for (; end - at > 16; at += 16) {
    const __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 1));
    const __m128i next_ends = _mm_or_si128(_mm_cmpeq_epi8(next, cr), _mm_cmpeq_epi8(next, lf));
    const int mask = _mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(here, lf), next_ends));
    if (mask != 0)
      return static_cast<std::size_t>(at - bytes.data() + __builtin_ctz(static_cast<unsigned>(mask)));
  }
#endif
  for (; end - at > 1; ++at) {
    if (*at == '\n' && (at[1] == '\r' || at[1] == '\n')) break;
  }
  return static_cast<std::size_t>(at - bytes.data());
}

enum class RequestLine { kValid, kMalformed, kTooOld };

/// method SP request-target SP HTTP-version CRLF, with exactly those separators.
RequestLine read_request_line(const char*& at, const char* end, RequestHead& out) {
  const char* const method = at;
  while (at != end && is(kToken, *at)) ++at;
  if (at == method || at == end || *at != ' ') return RequestLine::kMalformed;
  out.method = span(method, at++);
  const char* const target = at;
  while (at != end && is(kTargetByte, *at)) ++at;
  if (at == target || at == end || *at != ' ') return RequestLine::kMalformed;
  out.target = span(target, at++);
  if (end - at < 10) return RequestLine::kMalformed;
  if (std::memcmp(at, "HTTP/1.0\r\n", 10) == 0) return RequestLine::kTooOld;
  if (std::memcmp(at, "HTTP/1.1\r\n", 10) != 0) return RequestLine::kMalformed;
  at += 10;
  return split_target(out) == TargetForm::kValid ? RequestLine::kValid : RequestLine::kMalformed;
}

/// HTTP-version SP 3DIGIT [SP reason] CRLF; the space before an empty reason is often left out.
bool read_status_line(const char*& at, const char* end, ResponseHead& out, Framing::Version& version) {
  if (end - at < 14 || std::memcmp(at, "HTTP/1.", 7) != 0 || (at[7] != '0' && at[7] != '1') || at[8] != ' ') {
    return false;
  }
  version = at[7] == '1' ? Framing::Version::k11 : Framing::Version::k10;
  out.status = 0;
  for (int i = 9; i < 12; ++i) {
    if (at[i] < '0' || at[i] > '9') return false;
    out.status = out.status * 10 + (at[i] - '0');
  }
  if (out.status < 100 || out.status > 599) return false;
  at += 12;
  if (*at != ' ' && *at != '\r') return false;
  if (*at == ' ') ++at;
  const char* const reason = at;
  at = skip_field_bytes(at, end);
  if (end - at < 2 || at[0] != '\r' || at[1] != '\n') return false;
  out.reason = span(reason, at);
  at += 2;
  return true;
}

/// Every field line up to the empty one, which ends exactly at `end`.
std::optional<ParseError> read_fields(const char* at, const char* end, std::size_t lines_max, HeaderList& out,
                                      Framing& framing) {
  while (end - at > 2) {
    Header line;
    at = read_field_line(at, end, line);
    if (at == nullptr) return ParseError::kMalformed;
    if (out.size() == lines_max) return ParseError::kHeadTooLarge;
    out.add(line.name, line.value);
    framing.note(line);
  }
  return std::nullopt;
}

}  // namespace

template <class Head>
ParseStatus HeadParser::find_end(std::string_view bytes) {
  const bool is_request = std::is_same_v<Head, RequestHead>;
  const std::size_t start = is_request ? leading_empty_bytes(bytes) : 0;
  error_ = ParseError::kMalformed;
  // Garbage (a TLS record, say) is refused at its first byte rather than at the head timeout.
  if (bytes.size() > start && !is(kToken, bytes[start]) &&
      !(bytes[start] == '\r' && bytes.size() == start + 1)) {
    return ParseStatus::kError;
  }
  const std::size_t newline = find_line_end_pair(bytes, std::max(searched_, start));
  searched_ = newline;
  std::size_t looked_at = bytes.size();
  if (bytes.size() - newline >= 3) {
    if (newline == start || bytes.substr(newline - 1, 4) != "\r\n\r\n") return ParseStatus::kError;
    looked_at = head_bytes_ = newline + 3;
  } else if (bytes.substr(newline, 2) == "\n\n") {
    return ParseStatus::kError;
  }
  if (looked_at - start > limits_.head_bytes_max) {
    error_ = ParseError::kHeadTooLarge;
    return ParseStatus::kError;
  }
  return head_bytes_ != 0 ? ParseStatus::kComplete : ParseStatus::kNeedMore;
}

ParseStatus HeadParser::parse(std::string_view bytes, RequestHead& out) {
  head_bytes_ = 0;
  if (const ParseStatus status = find_end<RequestHead>(bytes); status != ParseStatus::kComplete)
    return status;
  out.headers.clear();
  const char* at = bytes.data() + leading_empty_bytes(bytes);
  const char* const end = bytes.data() + head_bytes_;
  if (const RequestLine line = read_request_line(at, end, out); line != RequestLine::kValid) {
    error_ = line == RequestLine::kTooOld ? ParseError::kVersionTooOld : ParseError::kMalformed;
    return ParseStatus::kError;
  }
  Framing framing;
  std::optional<ParseError> error = read_fields(at, end, limits_.headers_max, out.headers, framing);
  if (!error) error = framing.finish(out);
  if (error) error_ = *error;
  return error ? ParseStatus::kError : ParseStatus::kComplete;
}

ParseStatus HeadParser::parse(std::string_view bytes, std::string_view request_method, ResponseHead& out) {
  head_bytes_ = 0;
  if (const ParseStatus status = find_end<ResponseHead>(bytes); status != ParseStatus::kComplete)
    return status;
  out.headers.clear();
  const char* at = bytes.data();
  const char* const end = bytes.data() + head_bytes_;
  Framing::Version version{};
  if (!read_status_line(at, end, out, version)) return ParseStatus::kError;
  Framing framing;
  std::optional<ParseError> error = read_fields(at, end, limits_.headers_max, out.headers, framing);
  if (!error) error = framing.finish(out, version, request_method);
  if (error) error_ = *error;
  return error ? ParseStatus::kError : ParseStatus::kComplete;
}

}  // namespace marty::http
