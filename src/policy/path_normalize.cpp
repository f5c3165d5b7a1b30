#include "policy/path_normalize.hpp"

#include <algorithm>

namespace marty::policy {
namespace {

constexpr bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr unsigned hex_value(char c) {
  return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}
constexpr bool is_unreserved(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}
constexpr bool must_escape(unsigned char c) {
  return c <= ' ' || c >= 0x7f ||
         std::string_view("\"#<>?^`{|}").find(static_cast<char>(c)) != std::string_view::npos;
}

/// One bit per byte value that ends the fast scan.
struct Suspicious {
  bool table[256] = {};
  constexpr Suspicious() {
    for (unsigned c = 0; c < 256; ++c) {
      const auto byte = static_cast<unsigned char>(c);
      table[c] = must_escape(byte) || byte == '%' || byte == '\\' || byte == '.';
    }
  }
};
constexpr Suspicious kSuspicious;

/// Whether a path segment that starts with a dot needs a closer look; other dots are plain characters.
bool needs_work(std::string_view path) {
  for (std::size_t i = 1; i < path.size(); ++i) {
    const auto c = static_cast<unsigned char>(path[i]);
    if (kSuspicious.table[c] && (c != '.' || path[i - 1] == '/')) return true;
  }
  return false;
}

/// Rewrites one path; `out` always begins with '/'.
class Rewriter {
 public:
  Rewriter(std::string_view in, std::string& out) : in_(in), out_(out) {}

  bool run() {
    out_.clear();
    out_.reserve(in_.size() + 16);
    while (at_ < in_.size())
      if (!step()) return false;
    return true;
  }

 private:
  bool step() {
    const char c = in_[at_];
    if (const auto dot = dot_length(at_)) {
      if (out_.back() != '/' || !dot_segment(dot)) append('.', dot);
      return true;
    }
    if (c == '%') return escape_sequence();
    if (c == '\0') return false;
    if (c == '\\') {
      append('/', 1);
    } else if (must_escape(static_cast<unsigned char>(c))) {
      constexpr char kDigits[] = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      out_ += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
      ++at_;
    } else {
      append(c, 1);
    }
    return true;
  }

  /// Keeps, decodes or refuses "%xx"; a "%" without two digits stays as it is, as browsers leave it.
  bool escape_sequence() {
    if (at_ + 2 >= in_.size() || !is_hex(in_[at_ + 1]) || !is_hex(in_[at_ + 2])) {
      stray_percent_ = out_.size();
      append('%', 1);
      return true;
    }
    const auto value = static_cast<unsigned char>(hex_value(in_[at_ + 1]) * 16 + hex_value(in_[at_ + 2]));
    if (value == 0) return false;
    if (is_unreserved(value)) {
      append(static_cast<char>(value), 3);
    } else {
      out_ += in_.substr(at_, 3);
      at_ += 3;
    }
    return true;
  }

  /// Decoding must not build a new escape out of a stray "%" ("%%300" → "%00"), which a second pass would
  /// then decode: such a "%" becomes "%25".
  void append(char c, std::size_t consumed) {
    out_ += c;
    at_ += consumed;
    if (stray_percent_ == npos || out_.size() < stray_percent_ + 3) return;
    if (out_.size() == stray_percent_ + 3 && is_hex(out_[stray_percent_ + 1]) && is_hex(c))
      out_.insert(stray_percent_ + 1, "25");
    stray_percent_ = npos;
  }

  /// Length of a dot at `i`, plain or escaped; 0 when there is none.
  std::size_t dot_length(std::size_t i) const {
    if (i < in_.size() && in_[i] == '.') return 1;
    if (i + 2 < in_.size() && in_[i] == '%' && in_[i + 1] == '2' && (in_[i + 2] | 0x20) == 'e') return 3;
    return 0;
  }
  bool segment_ends(std::size_t i) const { return i >= in_.size() || in_[i] == '/' || in_[i] == '\\'; }

  /// Removes "." or "..", with the slash after it, when that is the whole segment.
  bool dot_segment(std::size_t first) {
    auto end = at_ + first;
    if (!segment_ends(end)) {
      const auto second = dot_length(end);
      end += second;
      if (second == 0 || !segment_ends(end)) return false;
      const auto parent = out_.size() > 1 ? out_.rfind('/', out_.size() - 2) : 0;
      out_.resize(parent + 1);
      stray_percent_ = npos;
    }
    at_ = std::min(end + 1, in_.size());
    return true;
  }

  static constexpr std::size_t npos = std::string::npos;
  std::string_view in_;
  std::string& out_;
  std::size_t at_ = 0, stray_percent_ = npos;
};

}  // namespace

std::optional<std::string_view> normalize_path(std::string_view path, std::string& storage) {
  const auto question = std::min(path.find('?'), path.size());
  const auto before_query = path.substr(0, question);
  if (!path.starts_with('/') || !needs_work(before_query)) return path;
  if (!Rewriter(before_query, storage).run()) return {};
  storage += path.substr(question);
  return storage;
}

}  // namespace marty::policy
