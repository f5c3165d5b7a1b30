#pragma once

#include <optional>

#include "http/parser.hpp"

namespace marty::http {

/// What the field lines of one head say about its body and its connection (RFC 9112 6 and 9). Reads each line
/// once, then decides; any message two parsers could cut at different places is refused.
class Framing {
 public:
  void note(const Header& line) {
    constexpr std::uint32_t kLengthsOfInterest =
        1u << 4 | 1u << 6 | 1u << 7 | 1u << 10 | 1u << 14 | 1u << 17;  // host, expect, upgrade, connection, …
    if (line.name.size() < 32 && (kLengthsOfInterest >> line.name.size() & 1) != 0) note_known(line);
  }

  /// Sets everything of `head` that depends on the lines; the authority only where the target gave none.
  std::optional<ParseError> finish(RequestHead& head) const;
  enum class Version { k10, k11 };
  std::optional<ParseError> finish(ResponseHead& head, Version version,
                                   std::string_view request_method) const;

 private:
  void note_known(const Header& line);
  void note_length(std::string_view value);
  void note_coding(std::string_view value);
  void note_connection(std::string_view value);
  void refuse(ParseError error) {
    if (!error_) error_ = error;
  }

  std::optional<ParseError> error_;
  std::string_view host_, upgrade_;
  std::uint64_t length_ = 0;
  int hosts_ = 0;
  bool has_length_ = false, chunked_ = false, expects_continue_ = false;
  bool says_close_ = false, says_keep_alive_ = false, says_upgrade_ = false;
};

}  // namespace marty::http
