#include "manifest/yaml_plain.hpp"

#include <algorithm>
#include <array>

#include "manifest/among.hpp"

namespace marty::manifest {

namespace {

using Part = PlainReader::Part;
using Parts = PlainReader::Parts;

constexpr int kDepthMax = 90;             // below the reader's own limit, which only libyaml's reader reports
constexpr std::ptrdiff_t kKeyMax = 1000;  // libyaml: a key is at most 1024 characters
constexpr std::size_t kEntriesMax = 64;   // of a mapping; libyaml's reader finds repeated keys in linear time

/// These, and all that is not printable ASCII: line feeds end everything, the rest (tabs and carriage returns
/// too) has rules of its own, which are not ours.
constexpr Among and_unprintable(std::string_view some) {
  Among all(some);
  for (int c = 0; c < 256; ++c)
    if (c < ' ' || c > '~') all.add(static_cast<char>(c));
  return all;
}
constexpr Among kLineEnd = and_unprintable(""), kIndicator = and_unprintable(",[]{}#&*!|>'\"%@`"),
                kMayEnd = and_unprintable(":#"), kMayEndInFlow = and_unprintable(",]}[{?#:"),
                kAfterFlowPlain(",]}:"), kBehindColonInFlow(",[]{}?:"),
                kInSingleQuotes = and_unprintable("'"), kInDoubleQuotes = and_unprintable("\"\\");

/// Whether a text that is not empty has the type kNull.
bool is_null(std::string_view text) {
  return text[0] == '~' ? text.size() == 1 : same(text, "null") || same(text, "Null") || same(text, "NULL");
}

/// The keys of one mapping.
class Keys {
 public:
  /// Adds the last part. False when there are too many, or this one is there already.
  bool add(const Part* parts, const Part* end) {
    const Part& key = end[-1];
    if (count_ == kEntriesMax) return false;
    for (std::size_t i = 0; i < count_; ++i)
      if (marks_[i] == key.head.mark && same(text(parts[places_[i]]), text(key))) return false;
    marks_[count_] = key.head.mark;
    places_[count_++] = static_cast<std::uint32_t>(end - parts - 1);
    return true;
  }
  std::uint32_t count() const { return count_; }

 private:
  static std::string_view text(const Part& part) { return {part.text, part.size}; }

  std::uint32_t count_ = 0;
  std::array<std::uint32_t, kEntriesMax> marks_, places_;
};

/// Notes the parts of one document.
class Scan {
 public:
  Scan(std::string_view text, std::uint32_t first_line, std::uint16_t file, Parts& parts)
      : at_(text.data()),
        end_(text.data() + text.size()),
        line_start_(at_),
        line_(first_line),
        file_(file),
        closed_(text.ends_with('\n')),
        room_(parts.room),
        next_(room_.data()),
        room_end_(room_.data() + room_.size()),
        rewritten_(parts.rewritten) {
    rewritten_.clear();
  }

  bool read() {
    if (rest().starts_with("---")) {
      at_ += 3;
      if (!end_of_line()) return false;
    }
    if (!next_content()) return false;
    if (*at_ == '{' || *at_ == '[') {
      if (!flow(1) || !end_of_line()) return false;
      next_content();
    } else if (!block(1)) {
      return false;
    }
    return done_ && !broken_;
  }

  /// Where it is: after a document at the next one, or at the end.
  const char* place() const { return at_; }
  std::uint32_t line() const { return line_; }

 private:
  std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }
  bool ends(const char* at) const { return at == end_ || *at == '\n'; }
  bool blank(const char* at) const { return at == end_ || *at == ' ' || *at == '\n'; }
  char peek() const { return at_ == end_ ? '\n' : *at_; }
  std::ptrdiff_t column() const { return at_ - line_start_; }
  Origin origin(const char* at) const {
    return {line_, static_cast<std::uint16_t>(std::min<std::ptrdiff_t>(at - line_start_ + 1, UINT16_MAX)),
            file_};
  }
  static std::uint16_t length(std::ptrdiff_t n) {
    return static_cast<std::uint16_t>(std::min<std::ptrdiff_t>(n, UINT16_MAX));
  }
  const char* over_spaces(const char* from) const {
    while (from != end_ && *from == ' ') ++from;
    return from;
  }
  /// A line feed is always among them, so most documents need no look at where they end.
  const char* until(const char* from, const Among& some) const {
    if (closed_) {
      while (!some(*from)) ++from;
    } else {
      while (from != end_ && !some(*from)) ++from;
    }
    return from;
  }
  void new_line() {
    ++at_;
    ++line_;
    line_start_ = at_;
  }
  /// Lines that end a document, or are no text at all.
  bool at_marker() const {
    return at_ == line_start_ && at_ != end_ && (*at_ == '-' || *at_ == '.') &&
           (rest().starts_with("...") || begins_document(rest().substr(0, 4)));
  }

  bool comment() {
    at_ = until(at_, kLineEnd);
    return ends(at_);
  }

  /// Nothing but spaces and a comment may follow on this line; goes to its end.
  bool end_of_line() {
    const char* before = at_;
    at_ = over_spaces(at_);
    return ends(at_) || (*at_ == '#' && at_ != before && comment());
  }

  /// From the end of a line to the next one that has content; sets indent_. False, and done_, when there is
  /// none.
  bool next_content() {
    for (;;) {
      if (at_ != end_ && *at_ == '\n') new_line();
      at_ = over_spaces(at_);
      if (at_ == end_) return finish();
      if (*at_ == '\n') continue;
      if (*at_ != '#') break;
      if (!comment()) return refuse();
    }
    indent_ = column();
    if (indent_ > 0 || !at_marker()) return true;
    return *at_ == '.' ? refuse() : finish();
  }

  bool finish() {
    done_ = true;
    indent_ = -1;
    return false;
  }
  bool refuse() {
    broken_ = true;
    return finish();
  }

  bool at_dash() const { return peek() == '-' && blank(at_ + 1); }

  /// The returned number is where its `close` finds it.
  std::ptrdiff_t open(Node::Kind kind) {
    note({kind, false, 0, origin(at_)}, {});
    return next_ - room_.data() - 1;
  }
  bool close(std::ptrdiff_t collection, std::uint32_t children) {
    room_.data()[collection].size = children;
    return true;
  }
  void note(const NodeHead& head, std::string_view text, bool rewritten = false) {
    Part& part = fresh();
    part = {head, text.data(), static_cast<std::uint32_t>(text.size()), rewritten};
  }
  Part& fresh() {
    if (next_ == room_end_) [[unlikely]]
      make_room();
    return *next_++;
  }
  void make_room() {
    const auto count = next_ - room_.data();
    room_.resize(std::max<std::size_t>(2 * room_.size(), 256));
    next_ = room_.data() + count;
    room_end_ = room_.data() + room_.size();
  }

  bool block(int depth) {
    if (depth > kDepthMax || broken_) return false;
    return at_dash() ? sequence(depth) : mapping(depth, nullptr);
  }

  /// Entries from here down, all in this column. Of a first key without quotes it may be known where it ends.
  bool mapping(int depth, const char* end_of_key) {
    const auto mine = column();
    const auto self = open(Node::Kind::kMapping);
    Keys keys;
    do {
      if (!block_key(end_of_key) || !keys.add(room_.data(), next_) || !value(mine, depth, true) || broken_)
        return false;
      end_of_key = nullptr;
      if (!done_ && (indent_ > mine || (indent_ == mine && at_dash()))) return false;
    } while (!done_ && indent_ == mine);
    return close(self, 2 * keys.count());
  }

  bool sequence(int depth) {
    const auto mine = column();
    const auto self = open(Node::Kind::kSequence);
    std::uint32_t items = 0;
    do {
      ++at_;
      ++items;
      if (!value(mine, depth, false) || broken_ || (!done_ && indent_ > mine)) return false;
    } while (!done_ && indent_ == mine && at_dash());
    return close(self, items);
  }

  bool block_key(const char* end) {
    const char* begin = at_;
    if (*at_ == '"' || *at_ == '\'') {
      if (!quoted()) return false;
      at_ = over_spaces(at_);
    } else {
      if (!end) end = starts_plain() ? end_of_plain() : nullptr;
      if (!end || !plain_key(begin, end)) return false;
      at_ = end;
    }
    return end_of_key(begin) && blank(at_);
  }

  bool end_of_key(const char* begin) {
    if (peek() != ':' || at_ - begin > kKeyMax) return false;
    ++at_;
    Part& key = next_[-1];
    key.head.mark = mark_of({key.text, key.size});
    return true;
  }

  /// A key without quotes; those that mean null or a merge are not for us.
  bool plain_key(const char* begin, const char* end) {
    plain_text(begin, end);
    Part& key = next_[-1];
    if (key.head.kind == Node::Kind::kNull || std::string_view(key.text, key.size) == "<<") return false;
    key.head.is_text = true;
    return true;
  }

  /// What stands behind the ':' of a key or the '-' of an item in this column, and the lines that belong to
  /// it.
  bool value(std::ptrdiff_t parent, int depth, bool of_key) {
    const char* indicator_end = at_;
    at_ = over_spaces(at_);
    if (ends(at_) || (*at_ == '#' && at_ != indicator_end)) {
      const Origin nothing = origin(indicator_end);
      if (!ends(at_) && !comment()) return false;
      if (next_content() && (indent_ > parent || (of_key && indent_ == parent && at_dash())))
        return block(depth + 1);
      note({Node::Kind::kNull, false, 0, nothing}, {});
      return true;
    }
    switch (*at_) {
      case '|':
        return literal(parent);
      case '{':
      case '[':
        return flow(depth + 1) && end_of_value(parent);
      case '"':
      case '\'':
        return quoted_value(parent, depth, of_key);
      default:
        return plain_value(parent, depth, of_key);
    }
  }

  /// A one-line value is over; what comes next may not be its continuation.
  bool end_of_value(std::ptrdiff_t parent) { return end_of_line() && (!next_content() || indent_ <= parent); }

  bool quoted_value(std::ptrdiff_t parent, int depth, bool of_key) {
    const char* begin = at_;
    if (!quoted()) return false;
    const char* next = over_spaces(at_);
    if (of_key || next == end_ || *next != ':') return end_of_value(parent);
    // It was the first key of a mapping, which is to be noted in front of it.
    if (next_[-1].rewritten) rewritten_.pop_back();
    --next_;
    at_ = begin;
    return depth < kDepthMax && mapping(depth + 1, nullptr);
  }

  bool plain_value(std::ptrdiff_t parent, int depth, bool of_key) {
    if (!of_key && depth < kDepthMax && at_dash()) return sequence(depth + 1);
    if (!starts_plain()) return false;
    const char* end = end_of_plain();
    if (!end) return false;
    if (end != end_ && *end == ':') return !of_key && depth < kDepthMax && mapping(depth + 1, end);
    at_ = plain_text(at_, end);
    return end_of_value(parent);
  }

  /// Whether a scalar without quotes may begin with this character.
  bool starts_plain() const {
    const char c = *at_;
    if (c == '-' || c == '?' || c == ':') return !blank(at_ + 1);
    return !kIndicator(c);
  }

  /// Where a scalar without quotes ends that begins here: at the ':' that makes it a key, at a comment, or
  /// with the line. nullptr when it is nothing for us.
  const char* end_of_plain() const {
    for (const char* to = at_;; ++to) {
      to = until(to, kMayEnd);
      if (ends(to) || (*to == '#' && to[-1] == ' ') || (*to == ':' && blank(to + 1))) return to;
      if (*to != '#' && *to != ':') return nullptr;
    }
  }

  /// Returns where the text ends, without the spaces behind it.
  const char* plain_text(const char* begin, const char* end) {
    Part& part = fresh();
    while (end != begin && end[-1] == ' ') --end;
    const std::string_view text(begin, static_cast<std::size_t>(end - begin));
    const auto kind = is_null(text) ? Node::Kind::kNull : Node::Kind::kScalar;
    part = {
        {kind, false, length(end - begin), origin(begin)}, begin, static_cast<std::uint32_t>(text.size())};
    return end;
  }

  bool quoted() {
    const char* begin = at_++;
    const char quote = *begin;
    const Among& may_end = quote == '"' ? kInDoubleQuotes : kInSingleQuotes;
    std::string* rewritten = nullptr;
    const char* as_is = at_;
    for (;; ++at_) {
      at_ = until(at_, may_end);
      if (at_ == end_ || (*at_ != quote && *at_ != '\\')) return false;
      const bool twice = *at_ == '\'' && at_ + 1 != end_ && at_[1] == '\'';  // '' is one quote
      if (*at_ == quote && !twice) break;
      if (!rewritten) rewritten = &rewritten_.emplace_back();
      rewritten->append(as_is, at_);
      if (!escaped(*rewritten)) return false;
      as_is = ++at_ + 1;
    }
    if (rewritten) rewritten->append(as_is, at_);
    const std::string_view text = rewritten ? std::string_view(*rewritten)
                                            : std::string_view(as_is, static_cast<std::size_t>(at_ - as_is));
    ++at_;
    note({Node::Kind::kScalar, true, length(at_ - begin), origin(begin)}, text, rewritten != nullptr);
    return true;
  }

  /// Adds what two characters from here mean.
  bool escaped(std::string& text) const {
    if (*at_ == '\'') {
      text += '\'';
      return true;
    }
    constexpr std::string_view kLetters = "\"\\/nt r", kMeant = "\"\\/\n\t \r";
    const auto which = at_ + 1 == end_ ? kLetters.npos : kLetters.find(at_[1]);
    if (which == kLetters.npos) return false;
    text += kMeant[which];
    return true;
  }

  /// A text of several lines behind '|', without an indentation of its own said.
  bool literal(std::ptrdiff_t parent) {
    const Origin begin = origin(at_++);
    const char chomp = peek();
    if (chomp == '-' || chomp == '+') ++at_;
    if (!end_of_line()) return false;
    std::string& all = rewritten_.emplace_back();
    if (!literal_lines(parent, chomp, all)) return false;
    note({Node::Kind::kScalar, true, 1, begin}, all, true);
    return !next_content() || indent_ <= parent;
  }

  bool literal_lines(std::ptrdiff_t parent, char chomp, std::string& all) {
    std::ptrdiff_t inner = -1;
    std::size_t breaks = 0;
    while (at_ != end_) {
      new_line();
      const char* text = at_;
      at_ = over_spaces(at_);
      const auto spaces = at_ - text;
      if (ends(at_) && (inner < 0 || spaces <= inner)) {
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
      at_ = until(at_, kLineEnd);
      if (at_ == end_ || *at_ != '\n') return false;  // without its last line end the text has none either
      all.append(breaks, '\n').append(text + inner, at_);
      breaks = 1;
    }
    if (chomp == '+') {
      all.append(breaks, '\n');
    } else if (chomp != '-') {
      all += '\n';
    }
    return inner >= 0;
  }

  /// Blanks between the parts of a collection in brackets; comments in there are left to libyaml.
  bool skip_flow_space() {
    for (;;) {
      at_ = over_spaces(at_);
      if (at_ == end_ || *at_ != '\n') return at_ != end_;
      new_line();
      if (at_marker()) return false;
    }
  }

  bool flow(int depth) {
    if (depth > kDepthMax) return false;
    const bool list = *at_ == '[';
    const auto self = open(list ? Node::Kind::kSequence : Node::Kind::kMapping);
    const char* begin = at_++;
    const auto line = line_;
    std::uint32_t children = 0;
    if (!(list ? flow_items(depth, children) : flow_entries(depth, children))) return false;
    ++at_;
    if (line == line_) room_.data()[self].head.length = length(at_ - begin);
    return close(self, children);
  }

  bool flow_items(int depth, std::uint32_t& children) {
    while (skip_flow_space() && *at_ != ']') {
      if (!flow_value(depth)) return false;
      ++children;
      if (!skip_flow_space() || !flow_comma(']')) return false;
    }
    return at_ != end_ && *at_ == ']';
  }

  bool flow_entries(int depth, std::uint32_t& children) {
    Keys keys;
    while (skip_flow_space() && *at_ != '}') {
      if (!flow_key() || !keys.add(room_.data(), next_) || !flow_value(depth)) return false;
      if (!skip_flow_space() || !flow_comma('}')) return false;
    }
    children = 2 * keys.count();
    return at_ != end_ && *at_ == '}';
  }

  /// Goes over what separates two values, if this is not the end.
  bool flow_comma(char close) {
    if (*at_ == ',')
      ++at_;
    else if (*at_ != close)
      return false;
    return true;
  }

  bool flow_key() {
    const char* begin = at_;
    if (*at_ == '"' || *at_ == '\'') {
      if (!quoted()) return false;
      at_ = over_spaces(at_);
    } else {
      const char* end = end_of_flow_plain();
      if (!end || !plain_key(begin, end)) return false;
      at_ = end;
    }
    return end_of_key(begin) && skip_flow_space();
  }

  bool flow_value(int depth) {
    if (*at_ == '{' || *at_ == '[') return flow(depth + 1);
    if (*at_ == '"' || *at_ == '\'') return quoted();
    const char* end = end_of_flow_plain();
    if (!end) return false;
    at_ = plain_text(at_, end);
    return true;
  }

  /// The same of one in brackets, which must not go on in the next line.
  const char* end_of_flow_plain() const {
    if (!starts_plain() || *at_ == '?' || *at_ == ':') return nullptr;
    const char* to = until(at_, kMayEndInFlow);
    while (to != end_ && *to == ':' && !blank(to + 1)) {
      if (kBehindColonInFlow(to[1])) return nullptr;
      to = until(to + 1, kMayEndInFlow);
    }
    if (to != end_ && *to != '\n') return kAfterFlowPlain(*to) ? to : nullptr;
    const char* next = to;
    while (next != end_ && (*next == ' ' || *next == '\n')) ++next;
    return next != end_ && (*next == ',' || *next == ']' || *next == '}') ? to : nullptr;
  }

  const char *at_, *end_, *line_start_;
  std::uint32_t line_;
  std::uint16_t file_;
  bool closed_;  // ends in a line feed
  std::ptrdiff_t indent_ = 0;
  bool done_ = false, broken_ = false;
  std::vector<Part>& room_;
  Part *next_, *room_end_;
  std::deque<std::string>& rewritten_;
};

/// Makes nodes of the parts, in their order.
class Making {
 public:
  explicit Making(Parts& parts) : part_(parts.room.data()), rewritten_(parts.rewritten.begin()) {}

  Node root() {
    Node root(part_->head, {});
    children(root);
    return root;
  }

 private:
  void children(Node& collection) {
    std::uint32_t left = part_++->size;
    collection.children.reserve(left);
    for (; left > 0; --left) {
      if (part_->head.kind >= Node::Kind::kSequence) {
        children(collection.children.emplace_back(part_->head, std::string_view{}));
        continue;
      }
      Node& scalar = collection.children.emplace_back(part_->head, text());
      if (part_->rewritten) scalar.text = std::move(*rewritten_++);
      ++part_;
    }
  }

  std::string_view text() const {
    return part_->rewritten ? std::string_view{} : std::string_view(part_->text, part_->size);
  }

  const Part* part_;
  std::deque<std::string>::iterator rewritten_;
};

}  // namespace

PlainReader::Taken PlainReader::read(std::string_view documents, std::uint32_t first_line, std::uint16_t file,
                                     Node& out) {
  Scan scan(documents, first_line, file, parts_);
  if (!scan.read()) return {};
  out = Making(parts_).root();
  return {static_cast<std::size_t>(scan.place() - documents.data()), scan.line() - first_line};
}

}  // namespace marty::manifest
