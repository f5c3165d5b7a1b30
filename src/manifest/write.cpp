#include "manifest/write.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace marty::manifest {

namespace {

constexpr std::size_t kPlainKeyMax = 500;  // libyaml looks for the ':' of a key within 1024 characters

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Texts that some YAML reader takes for a number in base 60 or a date: "10:30", "2026-01-31".
bool looks_like_time(std::string_view text) {
  return is_digit(text[0]) && text.find_first_not_of("0123456789:-_.TtZz+ ") == text.npos &&
         (text.find(':') != text.npos || std::count(text.begin(), text.end(), '-') == 2);
}

bool is_plain_char(unsigned char c) { return c >= 0x20 && c < 0x7f; }

bool may_be_plain(std::string_view text) {
  if (text.empty() || plain_type(text) != ScalarType::kString || looks_like_time(text)) return false;
  if (text.size() == 1 && std::string_view("yYnN=").find(text[0]) != std::string_view::npos) return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`<= ").find(text[0]) != std::string_view::npos) return false;
  if (text.back() == ' ' || text.back() == ':' || text.starts_with("...")) return false;
  if (!std::all_of(text.begin(), text.end(),
                   [](char c) { return is_plain_char(static_cast<unsigned char>(c)); }))
    return false;
  return text.find(": ") == text.npos && text.find(" #") == text.npos;
}

/// Letters, digits and punctuation of any language; not what YAML calls a break or a control character.
bool is_printable_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) return false;
    const auto rest = text.substr(i);
    if (rest.starts_with("\xC2\x80") ||
        (c == 0xC2 && rest.size() > 1 && static_cast<unsigned char>(rest[1]) < 0xA0))
      return false;
    if (rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9") ||
        rest.starts_with("\xEF\xBB\xBF"))
      return false;
  }
  return true;
}

bool fits_block(std::string_view text) {
  if (text.find('\n') == text.npos || !is_printable_utf8(text)) return false;
  return text.find_first_not_of("\n") != text.npos;
}

std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0u;
    if (c == '"' || c == '\\') {
      out += fmt::format("\\{}", text[i]);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", c);
    } else if (c == 0xC2 && next < 0xA0) {
      out += fmt::format("\\u{:04x}", next);
      ++i;
    } else if (text.substr(i).starts_with("\xE2\x80\xA8") || text.substr(i).starts_with("\xE2\x80\xA9")) {
      out += static_cast<unsigned char>(text[i + 2]) == 0xA8 ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (text.substr(i).starts_with("\xEF\xBB\xBF")) {
      out += "\\ufeff";
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out + '"';
}

std::string flow_text(std::string_view text) {
  return may_be_plain(text) ? std::string(text) : double_quoted(text);
}

class Writer {
 public:
  std::string out;

  void document(const Node& root) {
    comment(root, 0);
    if (is_block(root)) {
      children(root, 0);
    } else {
      inline_value(root, 0);
    }
  }

 private:
  static bool is_block(const Node& node) { return !node.children.empty(); }

  void indent(std::size_t depth) { out.append(depth, ' '); }

  void comment(const Node& node, std::size_t depth) {
    if (!node.comments.get() || node.comments.get()->head.empty()) return;
    std::string_view rest = node.comments.get()->head;
    while (!rest.empty()) {
      const auto line = rest.substr(0, rest.find('\n'));
      indent(depth);
      out += line.empty() ? std::string("#\n") : fmt::format("# {}\n", line);
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
  }

  void line_end(const Node& node) {
    if (node.comments.get() && !node.comments.get()->line.empty()) out += "  # " + node.comments.get()->line;
    out += '\n';
  }

  void children(const Node& node, std::size_t depth) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (node.is_mapping()) {
        comment(node.entry(i).value, depth);
        indent(depth);
        entry(node.entry(i), depth);
      } else {
        item(node.children[i], depth);
      }
    }
  }

  /// Writes "key: value"; the cursor is already at its column.
  void entry(EntryView entry, std::size_t depth) {
    const bool longish = entry.key.text.size() > kPlainKeyMax;
    if (longish) {
      out += "? " + double_quoted(entry.key.text) + '\n';
      indent(depth);
    } else {
      out += flow_text(entry.key.text);
    }
    out += ':';
    if (!is_block(entry.value)) {
      out += ' ';
      inline_value(entry.value, depth);
      return;
    }
    line_end(entry.value);
    children(entry.value, entry.value.is_mapping() || longish ? depth + 2 : depth);
  }

  void item(const Node& value, std::size_t depth) {
    comment(value, depth);
    if (value.is_mapping() && is_block(value)) comment(value.children[1], depth);
    indent(depth);
    out += "- ";
    if (!is_block(value)) {
      inline_value(value, depth);
    } else if (value.is_sequence()) {
      out.pop_back();
      line_end(value);
      children(value, depth + 2);
    } else {
      entry(value.entry(0), depth + 2);
      for (std::size_t i = 1; i < value.size(); ++i) {
        comment(value.entry(i).value, depth + 2);
        indent(depth + 2);
        entry(value.entry(i), depth + 2);
      }
    }
  }

  void inline_value(const Node& node, std::size_t depth) {
    if (node.is_mapping() || node.is_sequence()) {
      out += node.is_mapping() ? "{}" : "[]";
    } else if (node.is_null()) {
      out += "null";
    } else if (node.type() != ScalarType::kString) {
      out += node.text;
    } else if (fits_block(node.text)) {
      block_text(node, depth + 2);
      return;
    } else {
      out += flow_text(node.text);
    }
    line_end(node);
  }

  void block_text(const Node& node, std::size_t depth) {
    const std::string_view text = node.text;
    const auto end = text.find_last_not_of('\n') + 1;
    out += '|';
    if (text[0] == ' ' || text[0] == '\n' || text[0] == '\t') out += '2';
    if (end == text.size()) out += '-';
    if (text.size() - end > 1) out += '+';
    line_end(node);
    for (std::string_view rest = text; !rest.empty();) {
      const auto line = rest.substr(0, rest.find('\n'));
      if (!line.empty()) indent(depth);
      out += line;
      out += '\n';
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
  }
};

}  // namespace

std::string write_yaml(const Node& node) {
  Writer writer;
  writer.document(node);
  return std::move(writer.out);
}

std::string write_documents(std::string_view comment, std::span<const Node> documents) {
  std::string out;
  for (std::size_t at = 0; at < comment.size();) {
    const auto line = comment.substr(at, comment.find('\n', at) - at);
    out += line.empty() ? std::string("#\n") : fmt::format("# {}\n", line);
    at += line.size() + 1;
  }
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (i > 0) out += "---\n";
    out += write_yaml(documents[i]);
  }
  return out;
}

}  // namespace marty::manifest
