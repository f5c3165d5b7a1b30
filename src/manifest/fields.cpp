#include "manifest/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
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
  for (const Row& row : rows_) {
    marks_.push_back(mark_of(row.name));
    if (row.need == Need::kRequired) required_ |= bit(row);
    if (!row.group.empty()) grouped_ |= bit(row);
  }
}

const Row* Table::find(std::string_view field, std::uint32_t mark) const {
  const std::uint32_t* const marks = marks_.data();
  for (std::size_t i = 0; i < marks_.size(); ++i) {
    if (marks[i] == mark && same(rows_[i].name, field)) return &rows_[i];
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

void Table::check_written(Reader& reader, const Node& node, Seen seen) const {
  const Set missing = required_ & ~(seen.written | seen.meant);
  const Set grouped = grouped_ & seen.written;
  const bool at_most_one = (grouped & (grouped - 1)) == 0;
  if (missing == 0 && at_most_one) return;
  const auto key_of = [&](const Row& row) { return node.find(row.name)[-1].range(); };
  for (const Row& row : rows_) {
    if ((missing & bit(row)) != 0) {
      reader.error("missing-field", node.range(), fmt::format("{} needs the field '{}'", name_, row.name));
    }
    if ((grouped & bit(row)) == 0) continue;
    const auto other = std::find_if(rows_.data(), &row, [&](const Row& before) {
      return (grouped & bit(before)) != 0 && before.group == row.group;
    });
    if (other == &row) continue;
    reader
        .error("conflicting-fields", key_of(row),
               fmt::format("'{}' and '{}' exclude each other", other->name, row.name))
        .notes.push_back({key_of(*other), "the other one"});
  }
}

void Table::decode(Reader& reader, const Node& node, void* out) const {
  const std::size_t errors_before = reader.errors();
  Seen seen;
  const Row* next = rows_.data();  // most people write fields in the order of the table
  const Row* const last = next + rows_.size();
  const Node* const end = node.children.data() + 2 * node.size();
  for (const Node* at = node.children.data(); at != end; at += 2) {
    const Node &key = at[0], &value = at[1];
    const Row* row = next != last && same(next->name, key.text) ? next : find(key.text, key.mark);
    if (!row) {
      const Row* meant = unknown_ == Unknown::kError ? report_unknown(reader, node, key) : nullptr;
      if (meant) seen.meant |= bit(*meant);
      continue;
    }
    next = row + 1;
    if (value.is_null()) continue;
    const Reader::Step step(reader, key.text);
    seen.written |= bit(*row);
    if (!row->remark.rule.empty()) {
      reader.warning(std::string(row->remark.rule), key.range(),
                     fmt::format("'{}': {}", key.text, row->remark.text));
    }
    if (!row->codec) continue;
    read_value(reader, row->codec(), value, *row, static_cast<char*>(out) + row->offset);
  }
  check_written(reader, node, seen);
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
