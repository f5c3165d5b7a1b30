#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/parser.hpp"

namespace marty::http {

/// Standard reason phrase, "Unknown" when there is none.
std::string_view reason_phrase(int status);

/// Append to `out`; nothing is checked here: names and values come from a parser or from us.
void write_request_line(std::string& out, std::string_view method, std::string_view target);
void write_status_line(std::string& out, int status);
void write_header(std::string& out, std::string_view name, std::string_view value);
void write_header(std::string& out, std::string_view name, std::uint64_t value);
void write_chunk(std::string& out, std::string_view payload);  ///< nothing for an empty payload
inline void write_end_of_head(std::string& out) { out += "\r\n"; }
inline void write_last_chunk(std::string& out) { out += "0\r\n\r\n"; }

/// Fields of one hop that a proxy must not pass on (RFC 9110 7.6.1): Connection and what it names,
/// Keep-Alive, Proxy-Connection, TE, Trailer, Transfer-Encoding, Upgrade. `connection` is the message's
/// Connection value.
bool is_hop_by_hop(std::string_view name, std::string_view connection);

/// What to answer to a request that could not be parsed, as Envoy answers it.
struct ErrorReply {
  int status;
  std::string_view body;
  std::string_view details;
};
ErrorReply reply_for(ParseError);

}  // namespace marty::http
