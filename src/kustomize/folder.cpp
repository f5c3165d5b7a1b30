#include "kustomize/folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "manifest/yaml.hpp"

namespace marty::kustomize {

using manifest::Node;

Result<std::uint16_t> Texts::load(const std::string& path) {
  if (const auto known = known_.find(path); known != known_.end()) return known->second;
  auto text = tree.read(path);
  if (!text) return std::move(text.error());
  const auto number = sources.add(path, std::move(*text));
  files.push_back(path);
  known_[path] = number;
  return number;
}

SourceRange range_of(const Sourced<std::string>& text) {
  return {text.origin, static_cast<std::uint16_t>(std::min<std::size_t>(text->size(), UINT16_MAX))};
}

bool is_inside(std::string_view path, std::string_view directory) {
  if (directory == ".") return !path.starts_with("../") && path != ".." && !path.starts_with('/');
  if (directory == "/") return path.starts_with('/');
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

std::optional<std::uint16_t> Folder::load(const Sourced<std::string>& entry) {
  return load(*entry, range_of(entry));
}

std::optional<std::uint16_t> Folder::load(const std::string& name, SourceRange where) {
  const std::string path = join(name);
  if (name.empty()) {
    texts_.found.error("unreadable-file", where, "the name of a file is missing here");
    return {};
  }
  if (!is_inside(texts_.tree.resolve(path), real_)) {
    texts_.found
        .error("kustomize-outside-root", where, fmt::format("{} is not in {} or below it", path, path_))
        .notes.push_back({{},
                          "kustomize reads no files outside of a kustomization's directory; move the file, "
                          "or list the directory it is in as a base"});
    return {};
  }
  auto number = texts_.load(path);
  if (number) return *number;
  const Error error = std::move(number.error());
  auto& finding = texts_.found.error("unreadable-file", where, fmt::format("{}: {}", path, error.text));
  if (!error.next.empty()) finding.notes.push_back({{}, error.next});
  return {};
}

namespace {

std::string_view text_at(const Node& object, std::string_view key) {
  const Node* value = object.find(key);
  return value && value->is_scalar() ? std::string_view(value->text) : std::string_view{};
}

bool check(const Node& object, Need need, Diagnostics& found) {
  const auto refuse = [&](std::string message) {
    found.error("missing-field", object.range(), std::move(message));
    return false;
  };
  if (!object.is_mapping()) return refuse("this is no Kubernetes object: it is no mapping");
  if (text_at(object, "kind").empty()) return refuse("a Kubernetes object needs 'kind'");
  if (text_at(object, "kind").ends_with("List")) return true;
  const Node* metadata = object.find("metadata");
  if (!metadata || text_at(*metadata, "name").empty()) {
    found.error(
        "missing-field", metadata ? metadata->range() : object.range(),
        fmt::format("this {} needs 'metadata.name'; kustomize finds objects by it", text_at(object, "kind")));
    return false;
  }
  if (need == Need::kResource && text_at(object, "apiVersion").empty())
    return refuse("a Kubernetes object needs 'apiVersion'");
  return true;
}

/// Takes a List apart; empty when this is none.
std::optional<std::vector<Node>> items_of(Node& object) {
  if (!text_at(object, "kind").ends_with("List")) return {};
  Node* items = object.find("items");
  if (!items) return {};
  return std::move(items->children);
}

}  // namespace

std::vector<Node> only_objects(std::vector<Node> documents, Need need, Diagnostics& found) {
  std::vector<Node> out;
  std::deque<Node> waiting;
  for (Node& document : documents) {
    const bool empty = document.is_null() || (!document.is_scalar() && document.children.empty());
    if (!empty) waiting.push_back(std::move(document));
  }
  for (; !waiting.empty(); waiting.pop_front()) {
    Node& object = waiting.front();
    if (!check(object, need, found)) continue;
    if (auto items = items_of(object)) {
      std::move(items->begin(), items->end(), std::back_inserter(waiting));
    } else {
      out.push_back(std::move(object));
    }
  }
  return out;
}

namespace {

struct Placement {
  Origin whole;
  std::uint32_t first_line = 0;  ///< of the text's first line; 0: every value is at `whole`
  std::size_t indent = 0;
};

/// Where the lines of a block text stand in its file.
Placement placement_of(const Sourced<std::string>& text, const SourceMap& sources) {
  Placement out{text.origin, 0, 0};
  const auto header = sources.line(text.origin);
  const std::size_t at = text.origin.column ? text.origin.column - 1u : 0u;
  if (at >= header.size() || header[at] != '|') return out;
  Origin line = text.origin;
  for (std::string_view rest = text.value; !rest.empty();) {
    ++line.line;
    const auto first = rest.substr(0, rest.find('\n'));
    const auto content = first.find_first_not_of(' ');
    if (content != first.npos) {  // the first line with something in it shows the indentation
      const auto written = sources.line(line).find_first_not_of(' ');
      if (written == std::string_view::npos || written < content) return out;
      out.indent = written - content;
      out.first_line = text.origin.line + 1;
      return out;
    }
    rest.remove_prefix(std::min(first.size() + 1, rest.size()));
  }
  return out;
}

void move_to(Node& node, const Placement& place) {
  if (place.first_line == 0) {
    node.origin = place.whole;
    node.length = 0;
  } else {
    node.origin.line += place.first_line - 1;
    node.origin.column = static_cast<std::uint16_t>(node.origin.column + place.indent);
  }
  for (Node& child : node.children) move_to(child, place);
}

}  // namespace

std::vector<Node> parse_inline(const Sourced<std::string>& text, const SourceMap& sources,
                               Diagnostics& found) {
  Diagnostics inner;
  auto documents = manifest::parse_yaml(*text, text.origin.file, inner);
  const Placement place = placement_of(text, sources);
  for (Node& document : documents) move_to(document, place);
  for (const Diagnostic& finding : inner.all()) {
    Node at;
    at.origin = finding.where.begin;
    move_to(at, place);
    Diagnostic& moved = found.add(finding);
    moved.where = at.range();
    moved.notes.clear();
  }
  return documents;
}

}  // namespace marty::kustomize
