#include "manifest/field_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "manifest/duration.hpp"

namespace marty::manifest {

namespace {

using Shape = Codec::Shape;

/// What a field of this shape wants, with an example, for "expected …".
std::string wanted(const Codec& codec) {
  switch (codec.shape) {
    case Shape::kString:
      return "a text";
    case Shape::kBool:
      return "true or false";
    case Shape::kInteger:
      return "a whole number such as 5";
    case Shape::kNumber:
      return "a number such as 10 or 0.5";
    case Shape::kDuration:
      return "a duration such as 30s or 500ms";
    case Shape::kEnum: {
      std::string words;
      for (const auto& spelling : codec.spellings())
        words += (words.empty() ? "" : ", ") + std::string(spelling.text);
      return "one of " + words;
    }
    case Shape::kIntOrString:
      return "a number or a name, such as 8080 or http";
    case Shape::kNode:
      return "anything";
    case Shape::kSourced:
    case Shape::kOptional:
      return wanted(codec.inner());
    case Shape::kList:
      return "a list ('- ' before each item)";
    case Shape::kMap:
      return "a mapping (key: value)";
    case Shape::kStruct:
      break;
  }
  return fmt::format("a mapping with the fields of {}", codec.table().name());
}

}  // namespace

std::string shown(const Node& node) {
  if (node.is_mapping()) return "a mapping";
  if (node.is_sequence()) return "a list";
  if (node.is_null()) return "nothing";
  const std::string text = node.text.size() > 40 ? node.text.substr(0, 37) + "..." : node.text;
  switch (node.type()) {
    case ScalarType::kString:
      return fmt::format("the text \"{}\"", text);
    case ScalarType::kBool:
      return fmt::format("the bool {}", text);
    default:
      return fmt::format("the number {}", text);
  }
}

namespace {

Diagnostic& wrong_type(Reader& reader, const Node& node, const Codec& codec) {
  return reader.error("wrong-type", node.range(),
                      fmt::format("expected {}, found {}", wanted(codec), shown(node)));
}

}  // namespace

namespace {

std::optional<std::int64_t> to_unusual_integer(std::string text) {
  std::erase(text, '_');
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.erase(0, 1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char kind = text[1];
    base = kind == 'x' ? 16 : kind == 'b' ? 2 : 8;
    text.erase(0, kind == 'x' || kind == 'b' || kind == 'o' ? 2 : 1);
  }
  if (negative) text.insert(0, 1, '-');
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

/// Of nothing but a few digits, without a zero in front.
std::optional<std::int64_t> to_usual_integer(std::string_view text) {
  constexpr std::size_t kSurelyFits = 18;  // digits
  if (text.empty() || text.size() > kSurelyFits || (text[0] == '0' && text.size() > 1)) return {};
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return {};
    value = 10 * value + (c - '0');
  }
  return value;
}

}  // namespace

std::optional<std::int64_t> to_integer(std::string_view text) {
  const auto usual = to_usual_integer(text);
  return usual ? usual : to_unusual_integer(std::string(text));
}

std::optional<double> to_number(const std::string& text) {
  if (const auto usual = to_usual_integer(text)) return static_cast<double>(*usual);
  if (plain_type(text) == ScalarType::kInteger) {
    if (const auto whole = to_integer(text)) return static_cast<double>(*whole);
  }
  double value = 0;
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

namespace {

std::string print_bound(const Codec& codec, double bound) {
  if (codec.shape == Shape::kDuration) return print_duration(Duration{static_cast<std::int64_t>(bound)});
  return fmt::format("{}", bound);
}

bool in_range(Reader& reader, const Node& node, const Codec& codec, const Range& bounds, double value,
              std::int64_t whole) {
  const bool stepped = whole % bounds.step == 0;
  if (value >= bounds.min && value <= bounds.max && stepped) return true;
  std::string limits;
  if (!bounds.reason.empty()) {
    limits = bounds.reason;
  } else if (bounds.max >= 1e300) {
    limits = fmt::format("it must be at least {}", print_bound(codec, bounds.min));
  } else {
    limits = fmt::format("it must be from {} to {}", print_bound(codec, bounds.min),
                         print_bound(codec, bounds.max));
  }
  reader.error("out-of-range", node.range(), fmt::format("{} is out of range: {}", node.text, limits));
  return false;
}

void read_string(Reader& reader, const Node& node, const Codec& codec, const Row& row, std::string& out) {
  if (!node.is_scalar() || node.type() != ScalarType::kString) {
    Diagnostic& finding = wrong_type(reader, node, codec);
    if (!node.is_scalar()) return;
    finding.notes.push_back({{}, "put quotes around it"});
    finding.fix = Fix{node.range(), '"' + node.text + '"'};
    return;
  }
  if (row.wants.accepts && !row.wants.accepts(node.text)) {
    reader.error("invalid-value", node.range(),
                 fmt::format("\"{}\" is not {}", node.text, row.wants.description));
    return;
  }
  out = node.text;
}

void read_integer(Reader& reader, const Node& node, const Codec& codec, const Row& row, void* out) {
  const auto type = node.type();
  if (!node.is_scalar() || type != ScalarType::kInteger) {
    Diagnostic& finding = wrong_type(reader, node, codec);
    if (node.is_scalar() && node.is_text && plain_type(node.text) == ScalarType::kInteger) {
      finding.notes.push_back({{}, "take the quotes away"});
      finding.fix = Fix{node.range(), node.text};
    }
    return;
  }
  const auto value = to_integer(node.text);
  Range bounds = row.bounds;
  bounds.min = std::max(bounds.min, static_cast<double>(codec.lowest));
  bounds.max = std::min(bounds.max, static_cast<double>(codec.highest));
  if (!value || *value < codec.lowest || *value > codec.highest) {
    in_range(reader, node, codec, bounds, INFINITY, 0);
  } else if (in_range(reader, node, codec, bounds, static_cast<double>(*value), *value)) {
    codec.store(out, *value);
  }
}

void read_enum(Reader& reader, const Node& node, const Codec& codec, void* out) {
  if (!node.is_scalar()) {
    wrong_type(reader, node, codec);
    return;
  }
  std::vector<std::string_view> words;
  for (const auto& spelling : codec.spellings()) {
    if (spelling.text == node.text) return codec.store(out, spelling.value);
    words.push_back(spelling.text);
  }
  Diagnostic& finding =
      reader.error("unknown-value", node.range(),
                   fmt::format("'{}' is not known here; expected {}", node.text, wanted(codec)));
  if (const auto near = closest(node.text, words)) {
    finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *near)});
    finding.fix = Fix{node.range(), *near};
  }
}

void read_duration(Reader& reader, const Node& node, const Codec& codec, const Row& row, void* out) {
  const auto value =
      node.is_scalar() && node.type() == ScalarType::kString ? parse_duration(node.text) : std::nullopt;
  if (!value) {
    Diagnostic& finding = wrong_type(reader, node, codec);
    if (node.type() == ScalarType::kInteger)
      finding.notes.push_back({{}, fmt::format("write the unit: {}s", node.text)});
    return;
  }
  Range bounds = row.bounds;
  if (in_range(reader, node, codec, bounds, static_cast<double>(value->count()), value->count())) {
    codec.store(out, value->count());
  }
}

void read_number(Reader& reader, const Node& node, const Codec& codec, const Row& row, double& out) {
  const auto type = node.type();
  const auto value = node.is_scalar() && (type == ScalarType::kInteger || type == ScalarType::kNumber)
                         ? to_number(node.text)
                         : std::nullopt;
  if (!value) {
    wrong_type(reader, node, codec);
  } else if (in_range(reader, node, codec, row.bounds, *value, 0)) {
    out = *value;
  }
}

void read_int_or_string(Reader& reader, const Node& node, const Codec& codec, const Row& row,
                        IntOrString& out) {
  const auto type = node.type();
  if (node.is_scalar() && type == ScalarType::kString) {
    out.text = node.text;
  } else if (const auto value = type == ScalarType::kInteger ? to_integer(node.text) : std::nullopt) {
    if (in_range(reader, node, codec, row.bounds, static_cast<double>(*value), *value)) out.number = *value;
  } else {
    wrong_type(reader, node, codec);
  }
}

void read_map(Reader& reader, const Codec& codec, const Node& node, const Row& row, void* out) {
  if (!node.is_mapping()) {
    wrong_type(reader, node, codec);
    return;
  }
  for (std::size_t i = 0; i < node.size(); ++i) {
    const auto [key, value] = node.entry(i);
    const Reader::Step step(reader, key.text);
    void* place = codec.place(out, &key);
    if (!value.is_null()) read_value(reader, codec.inner(), value, row, place);
  }
}

void read_list(Reader& reader, const Codec& codec, const Node& node, const Row& row, void* out) {
  if (!node.is_sequence()) {
    Diagnostic& finding = wrong_type(reader, node, codec);
    if (!node.is_null()) finding.notes.push_back({{}, "put '- ' before it to make a list of one"});
    return;
  }
  for (std::size_t i = 0; i < node.size(); ++i) {
    const Reader::Step step(reader, i);
    if (node.children[i].is_null()) {
      wrong_type(reader, node.children[i], codec.inner());
    } else {
      read_value(reader, codec.inner(), node.children[i], row, codec.place(out, nullptr));
    }
  }
}

void read_struct(Reader& reader, const Codec& codec, const Node& node, void* out) {
  if (!node.is_mapping()) {
    wrong_type(reader, node, codec);
    return;
  }
  if (codec.origin) *codec.origin(out) = node.origin;
  codec.table().decode(reader, node, out);
}

}  // namespace

void read_value(Reader& reader, const Codec& codec, const Node& node, const Row& row, void* out) {
  switch (codec.shape) {
    case Shape::kString:
      return read_string(reader, node, codec, row, *static_cast<std::string*>(out));
    case Shape::kNumber:
      return read_number(reader, node, codec, row, *static_cast<double*>(out));
    case Shape::kInteger:
      return read_integer(reader, node, codec, row, out);
    case Shape::kEnum:
      return read_enum(reader, node, codec, out);
    case Shape::kDuration:
      return read_duration(reader, node, codec, row, out);
    case Shape::kIntOrString:
      return read_int_or_string(reader, node, codec, row, *static_cast<IntOrString*>(out));
    case Shape::kBool:
      if (node.type() != ScalarType::kBool) {
        wrong_type(reader, node, codec);
      } else {
        const char first = static_cast<char>(node.text[0] | 0x20),
                   second = static_cast<char>(node.text[1] | 0x20);
        codec.store(out, first == 't' || first == 'y' || (first == 'o' && second == 'n'));
      }
      return;
    case Shape::kNode:
      *static_cast<Node*>(out) = node;
      return;
    case Shape::kSourced:
      *codec.origin(out) = node.origin;
      return read_value(reader, codec.inner(), node, row, codec.place(out, nullptr));
    case Shape::kOptional:
      return read_value(reader, codec.inner(), node, row, codec.place(out, nullptr));
    case Shape::kList:
      return read_list(reader, codec, node, row, out);
    case Shape::kMap:
      return read_map(reader, codec, node, row, out);
    case Shape::kStruct:
      return read_struct(reader, codec, node, out);
  }
}

namespace {

Node show_integer(const Codec& codec, std::int64_t value) {
  if (codec.shape == Shape::kBool) return Node::plain(value ? "true" : "false");
  if (codec.shape == Shape::kDuration) return Node::string(print_duration(Duration{value}));
  if (codec.shape == Shape::kInteger) return Node::plain(fmt::format("{}", value));
  for (const auto& spelling : codec.spellings()) {
    if (spelling.value == value) return Node::string(std::string(spelling.text));
  }
  return Node{};
}

Node show_list(const Codec& codec, const void* value) {
  Node list = Node::sequence();
  for (std::size_t i = 0; i < codec.size(value); ++i)
    list.add(show_value(codec.inner(), codec.get(value, i)));
  return list;
}

Node show_map(const Codec& codec, const void* value) {
  Node map = Node::mapping();
  codec.each(value, [&](const std::string& key, Origin of_key, const void* item) {
    map.add(key, show_value(codec.inner(), item));
    map.children[map.children.size() - 2].origin = of_key;
  });
  return map;
}

}  // namespace

Node show_value(const Codec& codec, const void* value) {
  switch (codec.shape) {
    case Shape::kString:
      return Node::string(*static_cast<const std::string*>(value));
    case Shape::kNumber:
      return Node::plain(fmt::format("{}", *static_cast<const double*>(value)));
    case Shape::kBool:
    case Shape::kInteger:
    case Shape::kDuration:
    case Shape::kEnum:
      return show_integer(codec, codec.load(value));
    case Shape::kIntOrString: {
      const auto& either = *static_cast<const IntOrString*>(value);
      return either.text.empty() ? Node::plain(fmt::format("{}", either.number)) : Node::string(either.text);
    }
    case Shape::kNode:
      return *static_cast<const Node*>(value);
    case Shape::kSourced: {
      Node node = show_value(codec.inner(), codec.get(value, 0));
      node.origin = *codec.origin(const_cast<void*>(value));
      return node;
    }
    case Shape::kOptional:
      return codec.size(value) == 0 ? Node{} : show_value(codec.inner(), codec.get(value, 0));
    case Shape::kList:
      return show_list(codec, value);
    case Shape::kMap:
      return show_map(codec, value);
    case Shape::kStruct:
      break;
  }
  return codec.table().encode(value);
}

}  // namespace marty::manifest
