#include "http/writer.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace marty::http {
namespace {

struct Reason {
  int status;
  std::string_view phrase;
};

/// RFC 9110 15 and the few registered elsewhere, in order.
constexpr Reason kReasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Payload Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Entity"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
    {511, "Network Authentication Required"},
};

void append_number(std::string& out, std::uint64_t number, int base) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, base).ptr;
  out.append(digits, end);
}

}  // namespace

std::string_view reason_phrase(int status) {
  const Reason* const found = std::ranges::lower_bound(kReasons, status, {}, &Reason::status);
  return found != std::end(kReasons) && found->status == status ? found->phrase : "Unknown";
}

void write_request_line(std::string& out, std::string_view method, std::string_view target) {
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\n");
}

void write_status_line(std::string& out, int status) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(status), 10);
  out.append(" ").append(reason_phrase(status)).append("\r\n");
}

void write_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void write_header(std::string& out, std::string_view name, std::uint64_t value) {
  out.append(name).append(": ");
  append_number(out, value, 10);
  out += "\r\n";
}

void write_chunk(std::string& out, std::string_view payload) {
  if (payload.empty()) return;  // an empty chunk would end the body
  append_number(out, payload.size(), 16);
  out.append("\r\n").append(payload).append("\r\n");
}

bool is_hop_by_hop(std::string_view name, std::string_view connection) {
  const auto named = [&](std::string_view other) { return equals_ignoring_case(name, other); };
  switch (name.size()) {
    case 2:
      if (named("te")) return true;
      break;
    case 7:
      if (named("trailer") || named("upgrade")) return true;
      break;
    case 10:
      if (named("connection") || named("keep-alive")) return true;
      break;
    case 16:
      if (named("proxy-connection")) return true;
      break;
    case 17:
      if (named("transfer-encoding")) return true;
      break;
  }
  return !connection.empty() && list_contains(connection, name);
}

ErrorReply reply_for(ParseError error) {
  switch (error) {
    case ParseError::kHeadTooLarge:
      return {431, "Request Header Fields Too Large", "http1.headers_too_large"};
    case ParseError::kVersionTooOld:
      return {426, "Upgrade Required", "low_version"};
    case ParseError::kMissingHost:
      return {400, "", "missing_host_header"};
    case ParseError::kAmbiguousLength:
      return {400, "Bad Request", "http1.content_length_and_chunked_not_allowed"};
    case ParseError::kUnsupportedEncoding:
      return {501, "Not Implemented", "http1.invalid_transfer_encoding"};
    case ParseError::kMalformed:
      break;
  }
  return {400, "Bad Request", "http1.codec_error"};
}

}  // namespace marty::http
