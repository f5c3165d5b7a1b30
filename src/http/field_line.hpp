#pragma once

#include "http/header_list.hpp"

namespace marty::http {

/// The first byte in [at, end) that no field value may hold (a control byte, so CR too), or `end`.
const char* skip_field_bytes(const char* at, const char* end);

/// Reads `name ":" OWS value OWS CRLF` at `at` (RFC 9112 5). Returns the byte after it, or nullptr when the
/// line is malformed: no name, white space before the colon or at the start (obs-fold), control bytes, bare
/// CR.
const char* read_field_line(const char* at, const char* end, Header& out);

}  // namespace marty::http
