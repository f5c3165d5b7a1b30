#include <fmt/format.h>

#include "manifest/write.hpp"

namespace marty::manifest {

namespace {

constexpr std::size_t kLine = 110;  ///< what fits is written on one line

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string scalar(const Node& node) {
  if (node.is_null() || node.type() == ScalarType::kNull) return "null";
  return node.type() == ScalarType::kString ? quoted(node.text) : node.text;
}

std::string on_one_line(const Node& node) {
  if (!node.is_mapping() && !node.is_sequence()) return scalar(node);
  std::string inside;
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (i > 0) inside += ", ";
    if (node.is_mapping()) inside += quoted(node.entry(i).key.text) + ": ";
    inside += on_one_line(node.is_mapping() ? node.entry(i).value : node.children[i]);
  }
  return node.is_mapping() ? "{" + inside + "}" : "[" + inside + "]";
}

void write(const Node& node, std::size_t depth, std::size_t before, std::string& out) {
  auto line = on_one_line(node);
  if (node.size() == 0 || before + line.size() <= kLine) {
    out += line;
    return;
  }
  out += node.is_mapping() ? "{\n" : "[\n";
  for (std::size_t i = 0; i < node.size(); ++i) {
    const auto key = node.is_mapping() ? quoted(node.entry(i).key.text) + ": " : "";
    out.append(depth + 2, ' ');
    out += key;
    write(node.is_mapping() ? node.entry(i).value : node.children[i], depth + 2, depth + 3 + key.size(), out);
    out += i + 1 < node.size() ? ",\n" : "\n";
  }
  out.append(depth, ' ');
  out += node.is_mapping() ? '}' : ']';
}

}  // namespace

std::string write_json(const Node& node) {
  std::string out;
  write(node, 0, 0, out);
  return out + '\n';
}

}  // namespace marty::manifest
