#include "manifest/yaml_plain.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace marty::manifest {

namespace {

constexpr int kDepthMax = 90;  // below the reader's own limit, which only libyaml's reader reports
constexpr std::size_t kOpenMax = std::size_t{1} << 20;
constexpr std::ptrdiff_t kKeyMax = 1000;  // libyaml: a key is at most 1024 characters

/// One of a few characters, by a look into a table.
class Among {
 public:
  constexpr explicit Among(std::string_view some) {
    for (const char c : some) in_[static_cast<unsigned char>(c)] = true;
  }
  constexpr bool operator()(char c) const { return in_[static_cast<unsigned char>(c)]; }

 private:
  std::array<bool, 256> in_{};
};
constexpr Among kIndicator(",[]{}#&*!|>'\"%@`"), kMayEnd("\n:#");

class PlainReader {
 public:
  PlainReader(std::string_view text, std::uint32_t first_line, std::uint16_t file, std::vector<Node>& open)
      : at_(text.data()),
        end_(text.data() + text.size()),
        line_start_(at_),
        line_(first_line),
        file_(file),
        open_(open) {
    open_.clear();
    open_.reserve(std::min(text.size() / 2 + 256, kOpenMax));
  }

  bool read(Node& out) {
    if (std::string_view(at_, rest()).starts_with("---")) {
      at_ += 3;
      if (!end_of_line()) return false;
    }
    if (!next_content()) return false;
    if (peek() == '{' || peek() == '[') {
      if (!flow(out, 1) || !end_of_line()) return false;
      next_content();
    } else if (!block(out, 1)) {
      return false;
    }
    return done_ && !broken_;
  }

 private:
  std::size_t rest() const { return static_cast<std::size_t>(end_ - at_); }
  char peek(std::ptrdiff_t ahead = 0) const { return end_ - at_ > ahead ? at_[ahead] : '\n'; }
  bool blank(std::ptrdiff_t ahead) const { return peek(ahead) == ' ' || peek(ahead) == '\n'; }
  std::ptrdiff_t column() const { return at_ - line_start_; }
  Origin here() const {
    return {line_, static_cast<std::uint16_t>(std::min<std::ptrdiff_t>(column() + 1, UINT16_MAX)), file_};
  }
  static std::uint16_t length(std::ptrdiff_t n) {
    return static_cast<std::uint16_t>(std::min<std::ptrdiff_t>(n, UINT16_MAX));
  }
  void skip_spaces() {
    while (at_ < end_ && *at_ == ' ') ++at_;
  }
  void new_line() {
    ++at_;
    ++line_;
    line_start_ = at_;
  }

  /// Nothing but spaces and a comment may follow on this line; goes to its end.
  bool end_of_line() {
    const char* before = at_;
    skip_spaces();
    if (peek() == '\n') return true;
    if (*at_ != '#' || at_ == before) return false;
    at_ = std::find(at_, end_, '\n');
    return true;
  }

  /// From the end of a line to the next one that has content; sets indent_. False, and done_, when there is
  /// none.
  bool next_content() {
    for (;;) {
      if (at_ < end_ && *at_ == '\n') {
        new_line();
        continue;
      }
      skip_spaces();
      if (at_ == end_) {
        done_ = true;
        indent_ = -1;
        return false;
      }
      if (*at_ == '\n') continue;
      if (*at_ != '#') break;
      at_ = std::find(at_, end_, '\n');
    }
    indent_ = column();
    if (indent_ == 0 && std::string_view(at_, rest()).starts_with("...")) broken_ = true;
    return true;
  }

  bool at_dash() const { return peek() == '-' && blank(1); }

  /// Whether this line goes on as `key:`; quotes are looked over.
  bool at_key() const {
    const char* to = at_;
    if (*to == '"' || *to == '\'') {
      const char quote = *to++;
      while (to < end_ && *to != quote && *to != '\n') to += *to == '\\' && quote == '"' ? 2 : 1;
      if (to >= end_ || *to != quote) return false;
      ++to;
      while (to < end_ && *to == ' ') ++to;
      return to < end_ && *to == ':' && (to + 1 == end_ || to[1] == ' ' || to[1] == '\n');
    }
    for (; to < end_; ++to) {
      if (!kMayEnd(*to)) continue;
      if (*to == '\n') return false;
      if (*to == ':' && (to + 1 == end_ || to[1] == ' ' || to[1] == '\n')) return true;
      if (*to == '#' && to > at_ && to[-1] == ' ') return false;
    }
    return false;
  }

  bool block(Node& out, int depth) {
    if (depth > kDepthMax || broken_) return false;
    if (at_dash()) return sequence(out, depth);
    return at_key() && mapping(out, depth);
  }

  /// Stays where it is while what is below it is read. There is room for all that people write; if not, this
  /// is no document for us.
  Node& fresh() {
    if (open_.size() < open_.capacity()) return open_.emplace_back();
    broken_ = true;
    return spare_;
  }

  /// Gives the entries or items that were opened since `base` to their collection.
  void collect(Node& out, std::size_t base) {
    const auto first = open_.begin() + static_cast<std::ptrdiff_t>(base);
    out.children.assign(std::make_move_iterator(first), std::make_move_iterator(open_.end()));
    open_.erase(first, open_.end());
  }

  bool unique_keys(std::size_t base) const {
    const Node* const all = open_.data();
    for (std::size_t now = base + 2; now < open_.size(); now += 2) {
      for (std::size_t before = base; before < now; before += 2) {
        if (all[before].mark == all[now].mark && all[before].text == all[now].text) return false;
      }
    }
    return true;
  }

  /// Entries from here down, all in this column. Large mappings are left to libyaml's reader, which finds
  /// repeated keys in linear time.
  bool mapping(Node& out, int depth) {
    constexpr std::size_t kEntriesMax = 64;
    const auto base = open_.size();
    const auto mine = column();
    out.kind = Node::Kind::kMapping;
    out.origin = here();
    do {
      Node& key = fresh();
      Node& value = fresh();
      if (!block_key(key) || !after_indicator(value, mine, depth, true)) return false;
      key.mark = mark_of(key.text);
      if (open_.size() - base > 2 * kEntriesMax || broken_) return false;
      if (!done_ && (indent_ > mine || (indent_ == mine && at_dash()))) return false;
    } while (!done_ && indent_ == mine);
    if (!unique_keys(base)) return false;
    collect(out, base);
    return true;
  }

  bool sequence(Node& out, int depth) {
    const auto base = open_.size();
    const auto mine = column();
    out.kind = Node::Kind::kSequence;
    out.origin = here();
    do {
      ++at_;
      if (!after_indicator(fresh(), mine, depth, false)) return false;
      if (broken_ || (!done_ && indent_ > mine)) return false;
    } while (!done_ && indent_ == mine && at_dash());
    collect(out, base);
    return true;
  }

  bool block_key(Node& key) {
    const char* begin = at_;
    if (*at_ == '"' || *at_ == '\'') {
      if (!quoted(key)) return false;
      skip_spaces();
    } else {
      if (!starts_plain()) return false;
      for (; at_ < end_; ++at_) {
        if (!kMayEnd(*at_)) continue;
        if (*at_ == '\n' || (*at_ == ':' && blank(1))) break;
        if (*at_ == '#' && at_[-1] == ' ') return false;
      }
      const char* last = at_;
      while (last > begin && last[-1] == ' ') --last;
      if (!plain_key(key, begin, last)) return false;
    }
    if (peek() != ':' || !blank(1) || at_ - begin > kKeyMax) return false;
    ++at_;
    return true;
  }

  /// A key without quotes; those that mean null or a merge are not for us.
  bool plain_key(Node& key, const char* begin, const char* last) {
    const std::string_view text(begin, static_cast<std::size_t>(last - begin));
    if (text.empty() || text == "<<" || (text.size() <= 4 && plain_type(text) == ScalarType::kNull))
      return false;
    key.kind = Node::Kind::kScalar;
    key.is_text = true;
    key.text = text;
    key.origin = {line_,
                  static_cast<std::uint16_t>(std::min<std::ptrdiff_t>(begin - line_start_ + 1, UINT16_MAX)),
                  file_};
    key.length = length(last - begin);
    return true;
  }

  /// What stands behind the ':' of a key or the '-' of an item in this column, and the lines that belong to
  /// it.
  bool after_indicator(Node& value, std::ptrdiff_t parent, int depth, bool of_key) {
    value.origin = here();  // of nothing, if nothing follows
    const char* indicator_end = at_;
    skip_spaces();
    if (peek() == '\n' || (*at_ == '#' && at_ > indicator_end)) {
      if (!end_of_line_after_indicator()) return false;
      const bool more = next_content();
      if (more && (indent_ > parent || (of_key && indent_ == parent && at_dash())))
        return block(value, depth + 1);
      return true;
    }
    switch (*at_) {
      case '|':
        return literal(value, parent);
      case '{':
      case '[':
        return flow(value, depth + 1) && end_of_value(parent);
      case '"':
      case '\'':
        if (!of_key && at_key()) return mapping(value, depth + 1);
        return quoted(value) && end_of_value(parent);
      default:
        break;
    }
    if (!of_key && depth < kDepthMax && at_dash()) return sequence(value, depth + 1);
    if (!starts_plain()) return false;
    if (!of_key && at_key()) return depth < kDepthMax && mapping(value, depth + 1);
    return plain(value) && end_of_value(parent);
  }

  bool end_of_line_after_indicator() {
    if (peek() == '#') at_ = std::find(at_, end_, '\n');
    return true;
  }

  /// A one-line value is over; what comes next may not be its continuation.
  bool end_of_value(std::ptrdiff_t parent) { return end_of_line() && (!next_content() || indent_ <= parent); }

  /// Whether a scalar without quotes may begin with this character.
  bool starts_plain() const {
    const char c = *at_;
    if (c == '-' || c == '?' || c == ':') return !blank(1);
    return !kIndicator(c);
  }

  void plain_text(Node& out, const char* begin, const char* last) {
    while (last > begin && last[-1] == ' ') --last;
    const std::string_view text(begin, static_cast<std::size_t>(last - begin));
    out.origin = {line_,
                  static_cast<std::uint16_t>(std::min<std::ptrdiff_t>(begin - line_start_ + 1, UINT16_MAX)),
                  file_};
    out.length = length(last - begin);
    out.text = text;
    const bool null = text.size() <= 4 && plain_type(text) == ScalarType::kNull;
    out.kind = null ? Node::Kind::kNull : Node::Kind::kScalar;
  }

  /// One without quotes; false when it is a key, which cannot stand here.
  bool plain(Node& out) {
    const char* begin = at_;
    for (; at_ < end_; ++at_) {
      if (!kMayEnd(*at_)) continue;
      if (*at_ == '\n' || (*at_ == '#' && at_[-1] == ' ')) break;
      if (*at_ == ':' && blank(1)) return false;
    }
    if (at_ < end_ && *at_ == '#') --at_;  // the space in front of it makes it a comment
    plain_text(out, begin, at_);
    return true;
  }

  bool quoted(Node& out) {
    const char* begin = at_;
    const char quote = *at_++;
    out.kind = Node::Kind::kScalar;
    out.is_text = true;
    out.origin = {line_,
                  static_cast<std::uint16_t>(std::min<std::ptrdiff_t>(begin - line_start_ + 1, UINT16_MAX)),
                  file_};
    const char* plain_from = at_;
    for (;; ++at_) {
      if (peek() == '\n') return false;
      if (*at_ == quote) {
        out.text.append(plain_from, at_);
        ++at_;
        if (quote != '\'' || peek() != '\'') break;
        plain_from = at_;  // '' is one quote
      } else if (*at_ == '\\' && quote == '"') {
        out.text.append(plain_from, at_);
        if (!escape(out.text)) return false;
        plain_from = at_ + 1;
      }
    }
    out.length = length(at_ - begin);
    return true;
  }

  bool escape(std::string& text) {
    constexpr std::string_view kLetters = "\"\\/nt r", kMeant = "\"\\/\n\t \r";
    const auto which = kLetters.find(peek(1));
    if (which == kLetters.npos) return false;
    text += kMeant[which];
    ++at_;
    return true;
  }

  /// A text of several lines behind '|', without an indentation of its own said.
  bool literal(Node& out, std::ptrdiff_t parent) {
    out.origin = here();
    out.length = 1;
    out.kind = Node::Kind::kScalar;
    out.is_text = true;
    ++at_;
    const char chomp = peek();
    if (chomp == '-' || chomp == '+') ++at_;
    if (!end_of_line()) return false;
    std::ptrdiff_t inner = -1;
    std::size_t breaks = 0;
    while (at_ < end_) {
      new_line();
      const char* text = at_;
      skip_spaces();
      const auto spaces = at_ - text;
      if (peek() == '\n' && (inner < 0 || spaces <= inner)) {
        if (inner < 0 && spaces > parent + 1)
          return false;  // blanks that may or may not count as indentation
        if (at_ == end_) break;
        ++breaks;
        continue;
      }
      if (inner < 0) {
        if (spaces <= parent) return false;  // an empty text
        inner = spaces;
      }
      if (spaces < inner) {
        at_ = text;
        break;
      }
      at_ = std::find(at_, end_, '\n');
      if (at_ == end_) return false;  // without its last line end the text has none either
      out.text.append(breaks, '\n').append(text + inner, at_);
      breaks = 1;
    }
    if (inner < 0) return false;
    if (chomp == '+') {
      out.text.append(breaks, '\n');
    } else if (chomp != '-') {
      out.text += '\n';
    }
    return !next_content() || indent_ <= parent;
  }

  /// Blanks between the parts of a collection in brackets; comments in there are left to libyaml.
  void skip_flow_space() {
    for (;;) {
      skip_spaces();
      if (at_ == end_ || *at_ != '\n') return;
      new_line();
    }
  }

  bool flow(Node& out, int depth) {
    if (depth > kDepthMax) return false;
    const auto base = open_.size();
    const bool list = *at_ == '[';
    const char close = list ? ']' : '}';
    const char* begin = at_++;
    const auto line = line_;
    out.origin = {line_,
                  static_cast<std::uint16_t>(std::min<std::ptrdiff_t>(begin - line_start_ + 1, UINT16_MAX)),
                  file_};
    out.kind = list ? Node::Kind::kSequence : Node::Kind::kMapping;
    for (skip_flow_space(); peek() != close; skip_flow_space()) {
      if (!list && !flow_key(fresh())) return false;
      if (!flow_value(fresh(), depth)) return false;
      skip_flow_space();
      if (peek() == close) break;
      if (peek() != ',') return false;
      ++at_;
    }
    ++at_;
    if (line == line_) out.length = length(at_ - begin);
    if (!list && !unique_flow_keys(base)) return false;
    collect(out, base);
    return true;
  }

  bool unique_flow_keys(std::size_t base) const {
    constexpr std::size_t kEntriesMax = 64;
    return open_.size() - base <= 2 * kEntriesMax && unique_keys(base);
  }

  bool flow_key(Node& key) {
    const char* begin = at_;
    if (at_ == end_) return false;
    if (*at_ == '"' || *at_ == '\'') {
      if (!quoted(key)) return false;
      skip_spaces();
      if (peek() != ':' || at_ - begin > kKeyMax) return false;
    } else {
      const char* last = flow_plain();
      if (!last || peek() != ':' || !blank(1) || at_ - begin > kKeyMax || !plain_key(key, begin, last))
        return false;
    }
    key.mark = mark_of(key.text);
    ++at_;
    skip_flow_space();
    return true;
  }

  bool flow_value(Node& out, int depth) {
    if (at_ == end_) return false;
    if (*at_ == '{' || *at_ == '[') return flow(out, depth + 1);
    if (*at_ == '"' || *at_ == '\'') return quoted(out);
    const char* begin = at_;
    const char* last = flow_plain();
    if (!last) return false;
    plain_text(out, begin, last);
    return true;
  }

  /// Goes over a scalar without quotes in brackets; returns where its text ends, or nullptr when it is
  /// nothing for us, such as one that goes on in the next line.
  const char* flow_plain() {
    if (!starts_plain() || *at_ == '?' || *at_ == ':') return nullptr;
    const char* begin = at_;
    for (; peek() != '\n'; ++at_) {
      const char c = *at_;
      if (c == ',' || c == ']' || c == '}') break;
      if (c == '[' || c == '{' || c == '?' || c == '#') return nullptr;
      if (c != ':') continue;
      if (blank(1)) break;
      if (std::string_view(",[]{}?:").find(peek(1)) != std::string_view::npos) return nullptr;
    }
    const char* last = at_;
    while (last > begin && last[-1] == ' ') --last;
    const char* next = std::find_if_not(at_, end_, [](char c) { return c == ' ' || c == '\n'; });
    const bool over = peek() != '\n' || (next < end_ && (*next == ',' || *next == ']' || *next == '}'));
    return over ? last : nullptr;
  }

  const char *at_, *end_, *line_start_;
  std::uint32_t line_;
  std::uint16_t file_;
  std::ptrdiff_t indent_ = 0;
  bool done_ = false, broken_ = false;
  Node spare_;
  std::vector<Node>& open_;  // what collections that are still open hold so far
};

/// Printable ASCII and line feeds only. Everything else, tabs and carriage returns too, has rules of its own.
bool is_plain(std::string_view text) {
  constexpr std::uint64_t kEach = 0x0101010101010101, kTop = 0x80 * kEach;
  std::uint64_t odd = 0;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text.data() + at, 8);
    const std::uint64_t not_feed =
        ((eight ^ ('\n' * kEach)) & ~kTop) + 0x7f * kEach;          // top bit: no line feed
    const std::uint64_t shown = eight | ((~not_feed & kTop) >> 2);  // a line feed as '*'
    const std::uint64_t low = ~((shown & ~kTop) + 0x60 * kEach), high = shown | ((shown & ~kTop) + kEach);
    odd |= (low | high) & kTop;
  }
  for (; at < text.size(); ++at) odd |= (text[at] < ' ' && text[at] != '\n') || text[at] > '~';
  return odd == 0;
}

}  // namespace

bool read_plain_document(std::string_view text, std::uint32_t first_line, std::uint16_t file, Node& out,
                         std::vector<Node>& open) {
  return is_plain(text) && PlainReader(text, first_line, file, open).read(out);
}

}  // namespace marty::manifest
