#include "manifest/fields.hpp"

#include <fmt/format.h>

#include <array>
#include <set>

#include "core/assert.hpp"
#include "manifest/field_values.hpp"

namespace marty::manifest {

namespace {

using Shape = Codec::Shape;

bool has_something(const Codec& codec, const Node& shown, const Node& by_default) {
  switch (codec.shape) {
    case Shape::kOptional:
      return !shown.is_null();
    case Shape::kSourced:
      return shown.origin.known() || !(shown == by_default);
    case Shape::kNode:
      return !shown.is_null();
    case Shape::kList:
    case Shape::kMap:
    case Shape::kStruct:
      return shown.size() > 0;
    default:
      return !(shown == by_default);
  }
}

/// The table behind a field, through lists, maps, options; nullptr for plain values.
const Table* table_of(const Codec& codec) {
  if (codec.shape == Shape::kStruct) return &codec.table();
  return codec.inner ? table_of(codec.inner()) : nullptr;
}

bool is_list(const Codec& codec) {
  if (codec.shape == Shape::kList) return true;
  return (codec.shape == Shape::kOptional || codec.shape == Shape::kSourced) && is_list(codec.inner());
}

/// Paths of the mappings of a kind that have this field: "spec.trafficPolicy". At most three, outer ones
/// first.
std::vector<std::string> homes_of(std::string_view name, const Table& root) {
  std::vector<std::string> homes;
  std::set<const Table*> seen{&root};
  std::vector<std::pair<const Table*, std::string>> level{{&root, ""}};
  while (!level.empty() && homes.size() < 3) {
    std::vector<std::pair<const Table*, std::string>> next;
    for (const auto& [table, path] : level) {
      for (const Row& row : table->rows()) {
        if (row.name == name && homes.size() < 3) homes.push_back(path.empty() ? "the top level" : path);
        const Table* inner = row.codec ? table_of(row.codec()) : nullptr;
        if (!inner || !seen.insert(inner).second) continue;
        next.emplace_back(inner, fmt::format("{}{}{}{}", path, path.empty() ? "" : ".", row.name,
                                             is_list(row.codec()) ? "[]" : ""));
      }
    }
    level = std::move(next);
  }
  return homes;
}

}  // namespace

Table::Table(std::string_view name, std::vector<Row> rows, Unknown unknown, const void* defaults, Check check)
    : name_(name), rows_(std::move(rows)), unknown_(unknown), defaults_(defaults), check_(std::move(check)) {
  MARTY_ASSERT(rows_.size() <= kRowsMax);
  for (const Row& row : rows_) marks_.push_back(mark_of(row.name));
}

const Row* Table::find(std::string_view field, std::uint32_t mark) const {
  for (std::size_t i = 0; i < marks_.size(); ++i) {
    if (marks_[i] == mark && same(rows_[i].name, field)) return &rows_[i];
  }
  return nullptr;
}

const Row* Table::report_unknown(Reader& reader, const Node& among, const Node& key) const {
  std::vector<std::string_view> names;
  for (const Row& row : rows_) names.push_back(row.name);
  const auto near = closest(key.text, names);
  const auto homes = reader.root() ? homes_of(key.text, *reader.root()) : std::vector<std::string>{};
  const std::string owner = reader.path().empty() ? std::string(name_) : reader.path();
  const Reader::Step step(reader, key.text);
  if (!near && !homes.empty()) {
    reader.error("misplaced-field", key.range(),
                 fmt::format("'{}' does not belong in {}; it belongs in {}", key.text, owner,
                             fmt::join(homes, " or ")));
    return nullptr;
  }
  Diagnostic& finding =
      reader.error("unknown-field", key.range(), fmt::format("{} has no field '{}'", name_, key.text));
  if (near) {
    finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *near)});
    if (among.find(*near) == nullptr) finding.fix = Fix{key.range(), *near};
  } else {
    finding.notes.push_back({{}, fmt::format("{} has: {}", name_, fmt::join(names, ", "))});
  }
  return near ? find(*near, mark_of(*near)) : nullptr;
}

void Table::check_groups(Reader& reader, const Node& node, std::span<const Seen> seen) const {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!seen[i].key) {
      if (rows_[i].need == Need::kRequired && !seen[i].meant) {
        reader.error("missing-field", node.range(),
                     fmt::format("{} needs the field '{}'", name_, rows_[i].name));
      }
      continue;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (!seen[j].key || rows_[i].group.empty() || rows_[i].group != rows_[j].group) continue;
      reader
          .error("conflicting-fields", seen[i].key->range(),
                 fmt::format("'{}' and '{}' exclude each other", rows_[j].name, rows_[i].name))
          .notes.push_back({seen[j].key->range(), "the other one"});
      break;
    }
  }
}

void Table::decode(Reader& reader, const Node& node, void* out) const {
  const std::size_t errors_before = reader.errors();
  std::array<Seen, kRowsMax> room;
  const auto seen = std::span(room).first(rows_.size());
  std::fill(seen.begin(), seen.end(), Seen{});
  for (std::size_t i = 0; i < node.size(); ++i) {
    const auto [key, value] = node.entry(i);
    const Row* row = find(key.text, key.mark != 0 ? key.mark : mark_of(key.text));
    if (!row) {
      const Row* meant = unknown_ == Unknown::kError ? report_unknown(reader, node, key) : nullptr;
      if (meant) seen[static_cast<std::size_t>(meant - rows_.data())].meant = true;
      continue;
    }
    if (value.is_null()) continue;
    const Reader::Step step(reader, key.text);
    seen[static_cast<std::size_t>(row - rows_.data())].key = &key;
    if (!row->remark.rule.empty()) {
      reader.warning(std::string(row->remark.rule), key.range(),
                     fmt::format("'{}': {}", key.text, row->remark.text));
    }
    if (!row->codec) continue;
    read_value(reader, row->codec(), value, *row, static_cast<char*>(out) + row->offset);
  }
  check_groups(reader, node, seen);
  if (check_ && reader.errors() == errors_before) check_(out, node, reader);
}

Node Table::encode(const void* value) const {
  Node out = Node::mapping();
  for (const Row& row : rows_) {
    if (!row.codec) continue;
    const Codec& codec = row.codec();
    Node shown = show_value(codec, static_cast<const char*>(value) + row.offset);
    const Node by_default = show_value(codec, static_cast<const char*>(defaults_) + row.offset);
    const bool needed = row.need == Need::kRequired && !shown.is_null();
    if (needed || has_something(codec, shown, by_default)) out.add(row.name, std::move(shown));
  }
  return out;
}

bool decode(const Table& table, const Node& node, void* out, ObjectRef object, Diagnostics& found,
            std::string path) {
  Reader reader(found, std::move(object), &table, std::move(path));
  if (node.is_mapping()) {
    table.decode(reader, node, out);
  } else {
    reader.error(
        "wrong-type", node.range(),
        fmt::format("expected a mapping with the fields of {}, found {}", table.name(), shown(node)));
  }
  return reader.errors() == 0;
}

}  // namespace marty::manifest
