#pragma once

#include <string>
#include <string_view>

namespace marty::kustomize {

/// The SHA-256 of a text in lower-case hexadecimal (FIPS 180-4).
std::string sha256_hex(std::string_view text);

/// A Go-style JSON string: <, >, & and U+2028/9 escaped, broken UTF-8 replaced.
std::string go_json_string(std::string_view text);

/// RFC 4648 base 64 with padding.
std::string base64(std::string_view bytes);

bool is_utf8(std::string_view text);

}  // namespace marty::kustomize
