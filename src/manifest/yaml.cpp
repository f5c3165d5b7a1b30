#include "manifest/yaml.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <map>

#include "core/assert.hpp"
#include "manifest/yaml_plain.hpp"
#include "manifest/yaml_rules.hpp"

namespace marty::manifest {

namespace {

constexpr std::size_t kBrokenDocumentsMax = 100;

std::string_view view(const yaml_char_t* text, std::size_t size) {
  return {reinterpret_cast<const char*>(text), size};
}

/// One event of libyaml; frees what it owns.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&raw_); }
  const yaml_event_t* operator->() const { return &raw_; }
  yaml_event_t* fresh() {
    yaml_event_delete(&raw_);
    return &raw_;
  }

 private:
  yaml_event_t raw_{};
};

/// Line and column (both from 1) of a byte offset; columns count characters.
Origin place_of(std::string_view text, std::size_t offset, std::uint32_t first_line, std::uint16_t file) {
  const auto before = text.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const auto start = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto column = std::count_if(before.begin() + static_cast<std::ptrdiff_t>(start), before.end(),
                                    [](char c) { return (c & 0xc0) != 0x80; });
  return {first_line + static_cast<std::uint32_t>(lines),
          static_cast<std::uint16_t>(std::min<std::ptrdiff_t>(column + 1, UINT16_MAX)), file};
}

/// Builds the nodes of one chunk of text, which is one document as a rule.
class Builder {
 public:
  Builder(std::string_view text, std::uint32_t first_line, std::uint16_t file, Diagnostics& found)
      : text_(text), first_line_(first_line), file_(file), found_(found) {
    const bool memory_left = yaml_parser_initialize(&parser_) != 0;
    MARTY_ASSERT(memory_left);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;
  ~Builder() { yaml_parser_delete(&parser_); }

  /// False when the text ended in an error, which is reported.
  bool read(std::vector<Node>& documents) {
    Event event;
    while (next(event)) {
      if (event->type == YAML_STREAM_END_EVENT) return true;
      if (event->type != YAML_DOCUMENT_START_EVENT) continue;
      anchors_.clear();
      Node root;
      if (!next(event) || !value(event, 1, root)) return false;
      if (!root.is_null()) documents.push_back(std::move(root));
    }
    return false;
  }

 private:
  struct Anchor {
    Node node;
    std::size_t nodes = 0, bytes = 0, height = 0;
    bool open = true;
  };

  Origin origin(const yaml_mark_t& mark) const {
    return {first_line_ + static_cast<std::uint32_t>(mark.line),
            static_cast<std::uint16_t>(std::min<std::size_t>(mark.column + 1, UINT16_MAX)), file_};
  }

  void place(Node& node, const Event& event) const {
    node.origin = origin(event->start_mark);
    const bool one_line = event->start_mark.line == event->end_mark.line;
    const auto length = one_line ? event->end_mark.column - event->start_mark.column : 1;
    node.length = static_cast<std::uint16_t>(std::min<std::size_t>(length, UINT16_MAX));
  }

  bool next(Event& event) {
    if (yaml_parser_parse(&parser_, event.fresh())) return true;
    report();
    return false;
  }

  bool stop(std::string rule, SourceRange where, std::string message, std::string way_out) {
    found_.error(std::move(rule), where, std::move(message)).notes.push_back({{}, std::move(way_out)});
    return false;
  }

  void report() {
    const std::string_view problem = parser_.problem ? parser_.problem : "not YAML";
    if (parser_.error == YAML_READER_ERROR) {
      const auto advice = advise_on_bytes(problem);
      stop("yaml-syntax", {place_of(text_, parser_.problem_offset, first_line_, file_), 1}, advice.message,
           advice.way_out);
      return;
    }
    const auto advice = advise(problem, char_at(parser_.problem_mark));
    stop("yaml-syntax", {origin(parser_.problem_mark), 1}, advice.message, advice.way_out);
    if (parser_.context && parser_.context_mark.index != parser_.problem_mark.index) {
      found_.all().back().notes.push_back({{origin(parser_.context_mark), 1}, parser_.context});
    }
  }

  char char_at(const yaml_mark_t& mark) const {
    auto rest = text_;
    for (std::size_t line = 0; line < mark.line; ++line)
      rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
    return mark.column < rest.size() ? rest[mark.column] : ' ';
  }

  /// Reads the value that begins with this event.
  bool value(Event& event, std::size_t depth, Node& out) {
    place(out, event);
    if (event->type == YAML_ALIAS_EVENT) return alias(event, depth, out);
    if (depth > kDepthMax) {
      return stop("yaml-limit", out.range(), fmt::format("nested deeper than {} levels", kDepthMax),
                  "no Kubernetes object is that deep; flatten it");
    }
    const std::string anchor = open_anchor(event);
    bool fine = false;
    if (event->type == YAML_SCALAR_EVENT) {
      fine = scalar(event, out);
    } else {
      out.kind = event->type == YAML_MAPPING_START_EVENT ? Node::Kind::kMapping : Node::Kind::kSequence;
      fine = out.is_mapping() ? mapping(event, depth, out) : sequence(event, depth, out);
      // A block collection has no extent on its first line; one in brackets ends where its bracket closes.
      const bool brackets = event->end_mark.index > event->start_mark.index;
      const auto end = origin(event->end_mark);
      out.length = static_cast<std::uint16_t>(
          brackets && end.line == out.origin.line ? end.column - out.origin.column : 0);
    }
    return fine && close_anchor(anchor, out);
  }

  bool scalar(const Event& event, Node& out) {
    const auto& raw = event->data.scalar;
    out.text = view(raw.value, raw.length);
    out.is_text = raw.style != YAML_PLAIN_SCALAR_STYLE;
    out.kind = Node::Kind::kScalar;
    const std::string_view tag = raw.tag ? reinterpret_cast<const char*>(raw.tag) : "";
    if (tag == "tag:yaml.org,2002:str" || tag == "!") {
      out.is_text = true;
    } else if (tag == "tag:yaml.org,2002:int" || tag == "tag:yaml.org,2002:float" ||
               tag == "tag:yaml.org,2002:bool" || tag == "tag:yaml.org,2002:null") {
      out.is_text = false;
    } else if (!tag.empty()) {
      return stop("yaml-syntax", out.range(), fmt::format("the tag '{}' means nothing to Kubernetes", tag),
                  "remove it");
    }
    if (!out.is_text && plain_type(out.text) == ScalarType::kNull) {
      out.kind = Node::Kind::kNull;
    }
    return true;
  }

  bool sequence(Event& event, std::size_t depth, Node& out) {
    while (next(event)) {
      if (event->type == YAML_SEQUENCE_END_EVENT) return true;
      if (!value(event, depth + 1, out.children.emplace_back())) return false;
    }
    return false;
  }

  bool mapping(Event& event, std::size_t depth, Node& out) {
    std::vector<Node> merged;
    while (next(event)) {
      if (event->type == YAML_MAPPING_END_EVENT) {
        drop_overruled(out, found_);
        add_merged(out, std::move(merged));
        return true;
      }
      const bool merge = event->type == YAML_SCALAR_EVENT &&
                         event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                         view(event->data.scalar.value, event->data.scalar.length) == "<<";
      Node key, content;
      if (!value(event, depth + 1, key)) return false;
      if (!key.is_scalar() && !key.is_null()) {
        return stop("yaml-syntax", key.range(), "a key must be a text, not a list or a mapping",
                    "put quotes around the key if it is meant to be one, as in \"{{x}}\"");
      }
      key.kind = Node::Kind::kScalar;
      key.is_text = true;
      key.mark = mark_of(key.text);
      if (!next(event) || !value(event, depth + 1, content)) return false;
      if (!merge) {
        out.children.push_back(std::move(key));
        out.children.push_back(std::move(content));
      } else if (content.is_mapping()) {
        merged.push_back(std::move(content));
      } else if (content.is_sequence() && std::all_of(content.children.begin(), content.children.end(),
                                                      [](const Node& n) { return n.is_mapping(); })) {
        std::move(content.children.begin(), content.children.end(), std::back_inserter(merged));
      } else {
        return stop("yaml-syntax", content.range(), "'<<' merges mappings, and this is none",
                    "give it an alias of a mapping, or a list of them");
      }
    }
    return false;
  }

  std::string open_anchor(const Event& event) {
    const yaml_char_t* name = event->type == YAML_SCALAR_EVENT          ? event->data.scalar.anchor
                              : event->type == YAML_MAPPING_START_EVENT ? event->data.mapping_start.anchor
                                                                        : event->data.sequence_start.anchor;
    if (!name) return {};
    std::string text = reinterpret_cast<const char*>(name);
    anchors_[text] = {};
    return text;
  }

  bool close_anchor(const std::string& name, const Node& node) {
    if (name.empty()) return true;
    Anchor anchor;
    measure(node, 1, anchor);
    if (!spend(anchor, node.range())) return false;
    anchor.node = node;
    anchor.open = false;
    anchors_[name] = std::move(anchor);
    return true;
  }

  static void measure(const Node& node, std::size_t depth, Anchor& sum) {
    ++sum.nodes;
    sum.bytes += node.text.size();
    sum.height = std::max(sum.height, depth);
    for (const Node& child : node.children) measure(child, depth + 1, sum);
  }

  /// Every copy of an anchored node is paid from one budget, so that aliases of aliases cannot explode.
  bool spend(const Anchor& anchor, SourceRange where) {
    alias_nodes_ += anchor.nodes;
    alias_bytes_ += anchor.bytes;
    if (alias_nodes_ <= kAliasNodesMax && alias_bytes_ <= kAliasBytesMax) return true;
    return stop("yaml-limit", where,
                fmt::format("anchors and aliases of this document grow to more than {} values or {} bytes",
                            kAliasNodesMax, kAliasBytesMax),
                "write the values out, or alias smaller parts");
  }

  bool alias(const Event& event, std::size_t depth, Node& out) {
    const std::string name = reinterpret_cast<const char*>(event->data.alias.anchor);
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      return stop("yaml-syntax", out.range(),
                  fmt::format("no anchor '&{}' is defined above this alias", name),
                  "define it first, or quote the text if the '*' belongs to it");
    }
    if (found->second.open) {
      return stop("yaml-syntax", out.range(),
                  fmt::format("the alias '*{}' stands inside its own anchor", name),
                  "a value cannot contain itself");
    }
    if (depth + found->second.height - 1 > kDepthMax) {
      return stop("yaml-limit", out.range(), fmt::format("nested deeper than {} levels", kDepthMax),
                  "no Kubernetes object is that deep; flatten it");
    }
    if (!spend(found->second, out.range())) return false;
    out = found->second.node;
    return true;
  }

  std::string_view text_;
  std::uint32_t first_line_;
  std::uint16_t file_;
  Diagnostics& found_;
  yaml_parser_t parser_{};
  std::map<std::string, Anchor> anchors_;
  std::size_t alias_nodes_ = 0, alias_bytes_ = 0;
};

/// Nothing but blank lines, comments and %directives.
bool is_bare(std::string_view chunk) {
  while (!chunk.empty()) {
    const auto line = chunk.substr(0, chunk.find('\n'));
    const auto first = line.find_first_not_of(" \r");
    if (first != line.npos && line[first] != '#' && line[0] != '%') return false;
    chunk.remove_prefix(std::min(line.size() + 1, chunk.size()));
  }
  return true;
}

}  // namespace

bool read_any_document(std::string_view text, std::uint32_t first_line, std::uint16_t file,
                       Diagnostics& found, std::vector<Node>& documents) {
  return Builder(text, first_line, file, found).read(documents);
}

namespace {

struct Documents {
  std::vector<Node> all;
  Diagnostics found;
  std::size_t broken = 0;
};

/// The size of the first document. Cut like this a broken one leaves its neighbours alone.
PlainReader::Taken first_document(std::string_view text) {
  PlainReader::Taken size;
  do {
    size.bytes = std::min(text.find('\n', size.bytes), text.size() - 1) + 1;
    ++size.lines;
  } while (size.bytes < text.size() && !begins_document(text.substr(size.bytes, 4)));
  return size;
}

void read_documents(std::string_view text, std::uint32_t line, std::uint16_t file, Documents& into) {
  PlainReader reader;
  while (!text.empty()) {
    Node document;
    auto size = reader.read(text, line, file, document);
    if (size.bytes > 0) {
      into.all.push_back(std::move(document));
    } else {
      size = first_document(text);
      const auto first = text.substr(0, size.bytes);
      if (!is_bare(first)) into.broken += !read_any_document(first, line, file, into.found, into.all);
      if (into.broken >= kBrokenDocumentsMax) {
        into.found.error(
            "yaml-limit", {{line, 1, file}, 0},
            fmt::format("{} documents of this file are broken; the rest is not read", into.broken));
        return;
      }
    }
    text.remove_prefix(size.bytes);
    line += size.lines;
  }
}

/// Some of a file's documents.
struct Piece {
  std::string_view text;
  std::uint32_t line = 1;  ///< of its beginning
};

/// Cuts between documents, after at least so many bytes each time.
std::vector<Piece> cut(std::string_view text, std::size_t bytes) {
  std::vector<Piece> pieces;
  std::uint32_t line = 1;
  while (!text.empty()) {
    PlainReader::Taken size;
    while (size.bytes < std::min(bytes, text.size())) {
      const auto more = first_document(text.substr(size.bytes));
      size.bytes += more.bytes;
      size.lines += more.lines;
    }
    pieces.push_back({text.substr(0, size.bytes), line});
    text.remove_prefix(size.bytes);
    line += size.lines;
  }
  return pieces;
}

/// False when so many documents are broken that they have to be counted in order.
bool read_in_parts(std::string_view text, std::uint16_t file, Workers& workers, Documents& into) {
  const auto pieces = cut(text, text.size() / (4 * workers.count()) + 1);
  std::vector<Documents> parts(pieces.size());
  workers.run(parts.size(),
              [&](std::size_t i) { read_documents(pieces[i].text, pieces[i].line, file, parts[i]); });
  for (auto& part : parts) {
    into.broken += part.broken;
    std::move(part.all.begin(), part.all.end(), std::back_inserter(into.all));
    std::move(part.found.all().begin(), part.found.all().end(), std::back_inserter(into.found.all()));
  }
  return into.broken < kBrokenDocumentsMax;
}

}  // namespace

std::vector<Node> parse_yaml(std::string_view text, std::uint16_t file, Diagnostics& found,
                             Workers& workers) {
  constexpr std::size_t kWorthSharing = std::size_t{128} << 10;
  const Origin top{1, 1, file};
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.size() > kTextBytesMax) {
    found.error("yaml-limit", {top, 0}, fmt::format("the file is larger than {} MiB", kTextBytesMax >> 20));
    return {};
  }
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    found.error("yaml-syntax", {top, 0}, "this file is UTF-16").notes.push_back({{}, "save it as UTF-8"});
    return {};
  }
  Documents read;
  if (text.size() < kWorthSharing || workers.count() < 2 || !read_in_parts(text, file, workers, read)) {
    read = {};
    read_documents(text, 1, file, read);
  }
  std::move(read.found.all().begin(), read.found.all().end(), std::back_inserter(found.all()));
  return std::move(read.all);
}

}  // namespace marty::manifest
