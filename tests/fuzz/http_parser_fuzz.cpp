#include <algorithm>
#include <cstdlib>
#include <string>

#include "http/parser.hpp"

// The first byte says where to cut; the rest is read at once and in two pieces, and both must agree.

namespace {

using namespace marty::http;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Outcome {
  ParseStatus status = ParseStatus::kNeedMore;
  std::size_t consumed = 0;
  std::string payload;
  bool operator==(const Outcome&) const = default;
};

bool lies_in(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

template <class Parse>
Outcome read_head(std::string_view bytes, std::size_t cut, Parse parse) {
  HeadParser parser;
  const std::string front(bytes.substr(0, cut));
  ParseStatus status = parse(parser, front);
  if (status == ParseStatus::kNeedMore) status = parse(parser, bytes);
  return {status, status == ParseStatus::kComplete ? parser.head_bytes() : 0, {}};
}

Outcome read_body(std::string_view bytes, std::size_t cut) {
  BodyDecoder decoder;
  decoder.start(BodyKind::kChunked, 0);
  Outcome out;
  for (std::size_t shown = cut;;) {
    const BodyDecoder::Piece piece = decoder.feed(bytes.substr(out.consumed, shown - out.consumed));
    require(piece.consumed <= shown - out.consumed);
    require(piece.payload.size() <= piece.consumed);
    out.consumed += piece.consumed;
    out.payload += piece.payload;
    out.status = piece.status;
    if (piece.status == ParseStatus::kError) return {ParseStatus::kError, 0, {}};
    if (piece.status == ParseStatus::kComplete) return out;
    if (piece.consumed > 0) continue;
    if (shown == bytes.size()) return out;
    shown = bytes.size();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t cut = std::min<std::size_t>(data[0], bytes.size());

  const auto as_request = [&](HeadParser& parser, std::string_view given) {
    RequestHead head;
    const ParseStatus status = parser.parse(given, head);
    if (status != ParseStatus::kComplete) return status;
    require(!head.authority.empty() && !head.method.empty() && lies_in(head.target, given));
    for (const Header& line : head.headers) require(lies_in(line.name, given) && lies_in(line.value, given));
    return status;
  };
  const auto as_response = [&](HeadParser& parser, std::string_view given) {
    ResponseHead head;
    return parser.parse(given, "GET", head);
  };
  require(read_head(bytes, cut, as_request) == read_head(bytes, bytes.size(), as_request));
  require(read_head(bytes, cut, as_response) == read_head(bytes, bytes.size(), as_response));
  require(read_body(bytes, cut) == read_body(bytes, bytes.size()));
  return 0;
}
