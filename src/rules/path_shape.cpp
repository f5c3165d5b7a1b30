#include "rules/path_shape.hpp"

#include <algorithm>

namespace marty::rules {

void PathShape::letters(std::string_view text) {
  for (const char letter : text) steps_.push_back({Piece::kLetter, letter, false});
}

void PathShape::some_without_slash() {
  steps_.push_back({Piece::kNoSlash, 0, false});
  steps_.push_back({Piece::kNoSlash, 0, true});
}

PathShape PathShape::exact(std::string_view path) {
  PathShape out;
  out.letters(path);
  return out;
}

PathShape PathShape::prefix(std::string_view start) {
  PathShape out = exact(start);
  out.rest();
  return out;
}

PathShape PathShape::segments(std::string_view start) {
  while (start.ends_with('/')) start.remove_suffix(1);
  PathShape out = exact(start);
  out.ends_at_segment_ = true;
  return out;
}

PathShape PathShape::openapi(std::string_view path, bool anything_before) {
  PathShape out;
  if (anything_before) out.rest();
  while (!path.empty()) {
    const auto open = std::min(path.find('{'), path.size());
    out.letters(path.substr(0, open));
    path.remove_prefix(open);
    const auto close = path.find('}');
    if (path.empty() || close == path.npos) break;
    out.some_without_slash();
    path.remove_prefix(close + 1);
  }
  out.letters(path);
  return out;
}

PathShape PathShape::istio(std::string_view pattern) {
  PathShape out;
  if (pattern.find("{*") != pattern.npos) {
    while (!pattern.empty()) {
      if (pattern.starts_with("{*}")) {
        out.some_without_slash();
        pattern.remove_prefix(3);
      } else if (pattern.starts_with("{**}")) {
        out.rest();
        pattern.remove_prefix(4);
      } else {
        out.letters(pattern.substr(0, 1));
        pattern.remove_prefix(1);
      }
    }
    return out;
  }
  const bool open_start = pattern.starts_with('*');
  if (open_start) {
    out.rest();
    pattern.remove_prefix(1);
  }
  const bool open_end = pattern.ends_with('*');
  if (open_end) pattern.remove_suffix(1);
  out.letters(pattern);
  if (open_end) out.rest();
  return out;
}

namespace {

/// The end of a group or class that starts at `from`; npos when it has none.
std::size_t end_of(std::string_view text, std::size_t from) {
  if (text[from] == '[') {
    // A ']' right after the opening is a letter of the class.
    auto i = from + (text.substr(from + 1).starts_with('^') ? 2 : 1);
    for (++i; i < text.size(); ++i)
      if (text[i] == ']' && text[i - 1] != '\\') return i;
    return text.npos;
  }
  int depth = 0;
  for (auto i = from; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')' && --depth == 0) {
      return i;
    }
  }
  return text.npos;
}

/// Whether a class of characters surely lacks the slash: it is [^/…], or holds only letters, digits and the
/// like.
bool without_slash(std::string_view inside) {
  if (inside.starts_with("^/")) return true;
  return std::all_of(inside.begin(), inside.end(),
                     [](unsigned char c) {
                       return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~' || c == '%';
                     }) &&
         inside.find("--") == inside.npos && inside.find(".-") == inside.npos &&
         inside.find("%-") == inside.npos;
}

}  // namespace

PathShape PathShape::regex(std::string_view pattern) {
  PathShape out;
  if (pattern.starts_with('^')) pattern.remove_prefix(1);
  if (pattern.ends_with('$')) pattern.remove_suffix(1);
  // Alternatives of the whole and flags are for RE2 to read.
  if (pattern.find('|') != pattern.npos || pattern.starts_with("(?")) {
    out.rest();
    return out;
  }
  for (std::size_t i = 0; i < pattern.size();) {
    Step step{Piece::kLetter, pattern[i], false};
    auto next = i + 1;
    if (pattern[i] == '\\' && next < pattern.size()) {
      const char escaped = pattern[next++];
      step = {escaped == 'd' || escaped == 'w'                    ? Piece::kNoSlash
              : std::isalnum(static_cast<unsigned char>(escaped)) ? Piece::kAny
                                                                  : Piece::kLetter,
              escaped, false};
    } else if (pattern[i] == '.') {
      step.piece = Piece::kAny;
    } else if (pattern[i] == '[' || pattern[i] == '(') {
      const auto end = end_of(pattern, i);
      if (end == pattern.npos) {
        out.rest();
        return out;
      }
      const bool narrow = pattern[i] == '[' && without_slash(pattern.substr(i + 1, end - i - 1));
      step = {narrow ? Piece::kNoSlash : Piece::kAny, 0, pattern[i] == '('};
      next = end + 1;
    }
    const char quantifier = next < pattern.size() ? pattern[next] : '\0';
    if (quantifier == '+' && !step.repeats) out.steps_.push_back(step);
    if (std::string_view("*+?{").find(quantifier) != std::string_view::npos && quantifier != '\0') {
      step.repeats = true;
      next = quantifier == '{' ? std::min(pattern.find('}', next), pattern.size() - 1) + 1 : next + 1;
      if (next < pattern.size() && pattern[next] == '?') ++next;
    }
    out.steps_.push_back(step);
    i = next;
  }
  return out;
}

PathShape& PathShape::ignore_case() {
  any_case_ = true;
  for (auto& step : steps_)
    step.letter = static_cast<char>(std::tolower(static_cast<unsigned char>(step.letter)));
  return *this;
}

bool PathShape::fit(const Step& a, const Step& b) {
  if (a.piece == Piece::kAny || b.piece == Piece::kAny) return true;
  if (a.piece == Piece::kNoSlash) return b.piece == Piece::kNoSlash || b.letter != '/';
  return b.piece == Piece::kNoSlash ? a.letter != '/' : a.letter == b.letter;
}

bool meet(const PathShape& one, const PathShape& other) {
  if (one.any_case_ != other.any_case_)
    return one.any_case_ ? meet(one, PathShape(other).ignore_case())
                         : meet(PathShape(one).ignore_case(), other);
  for (const auto* shape : {&one, &other}) {
    if (!shape->ends_at_segment_) continue;
    PathShape whole = *shape, longer = *shape;
    whole.ends_at_segment_ = longer.ends_at_segment_ = false;
    longer.letters("/");
    longer.rest();
    const auto& rest = shape == &one ? other : one;
    return meet(whole, rest) || meet(longer, rest);
  }
  const auto &a = one.steps_, &b = other.steps_;
  // Most pairs part at a letter near the beginning.
  const auto is_letter = [](const PathShape::Step& step) {
    return step.piece == PathShape::Piece::kLetter && !step.repeats;
  };
  for (std::size_t i = 0; i < a.size() && i < b.size() && is_letter(a[i]) && is_letter(b[i]); ++i)
    if (a[i].letter != b[i].letter) return false;
  // From the ends: can what follows in one go along with what follows in the other?
  std::vector<char> after(b.size() + 1), here(b.size() + 1);
  for (auto i = a.size() + 1; i-- > 0; std::swap(after, here)) {
    for (auto j = b.size() + 1; j-- > 0;) {
      const bool more_a = i < a.size(), more_b = j < b.size();
      bool can = !more_a && !more_b;
      if (more_a && a[i].repeats) can = after[j] != 0;
      if (!can && more_b && b[j].repeats) can = here[j + 1] != 0;
      if (!can && more_a && more_b && PathShape::fit(a[i], b[j])) {
        if (a[i].repeats && !b[j].repeats) can = here[j + 1] != 0;
        if (!a[i].repeats && b[j].repeats) can = after[j] != 0;
        if (!a[i].repeats && !b[j].repeats) can = after[j + 1] != 0;
      }
      here[j] = can ? 1 : 0;
    }
  }
  return after[0] != 0;
}

}  // namespace marty::rules
