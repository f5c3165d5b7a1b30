#include "schema/walk.hpp"

#include <algorithm>
#include <cmath>

#include "manifest/field_values.hpp"
#include "manifest/reader.hpp"
#include "schema/formats.hpp"

namespace marty::schema {

using manifest::Node;
using manifest::ScalarType;

Walk::Walk(const Catalog& catalog, Catalog::Found found, Patterns& patterns, Defaults& defaults, Ruled& ruled,
           const manifest::Resource& resource, Diagnostics& findings)
    : catalog_(catalog),
      tables_(found.tables),
      kind_(found.kind),
      native_((found.kind->flags & kNative) != 0),
      patterns_(patterns),
      defaults_(defaults),
      ruled_(ruled),
      resource_(resource),
      found_(findings) {
  ruled_.parts.clear();
  ruled_.complete = true;
}

Diagnostic& Walk::report(Severity severity, std::string rule, SourceRange where, std::string message,
                         const Place& place) {
  if (only_counted()) return unsaid_ = {};
  if (severity == Severity::kError) ++errors_;
  if (++findings_ > manifest::kFindingsPerObjectMax) return unsaid_ = {};
  if (findings_ == manifest::kFindingsPerObjectMax)
    message += "; further findings in this object are not shown";
  return found_.add(
      {std::move(rule), severity, where, std::move(message), {}, {}, resource_.ref(), place.path()});
}

Diagnostic& Walk::error(std::string rule, const Node& node, std::string message, const Place& place) {
  return report(Severity::kError, std::move(rule), node.range(), std::move(message), place);
}

bool Walk::only_counted() {
  if (trying_ == 0) return false;
  ++refusals_;
  return true;
}

bool Walk::accepts(const Node& node, std::uint32_t id, const Place& place) {
  const auto before = std::exchange(refusals_, 0);
  ++trying_;
  value(node, tables_->schemas[id], place, Ask::kBranch);
  --trying_;
  return std::exchange(refusals_, before) == 0;
}

bool Walk::present(const Node* value, std::uint32_t schema) const {
  return value && (!value->is_null() || (!native() && (tables_->schemas[schema].flags & kNullable)));
}

void Walk::object() {
  const Place root;
  value(resource_.root, tables_->schemas[kind_->schema], root, Ask::kAll);
}

namespace {

/// 5, 5.0 and 5e0 are the same number when YAML has become JSON.
bool is_whole(const Node& node, ScalarType type) {
  if (type == ScalarType::kInteger) return true;
  if (type != ScalarType::kNumber) return false;
  const auto number = manifest::to_number(node.text);
  return number && *number == static_cast<double>(static_cast<std::int64_t>(*number)) &&
         std::abs(*number) < 1e15;
}

/// `type` is that of a scalar; null for others.
inline bool fits(const Node& node, ScalarType type, const Schema& schema) {
  switch (schema.type) {
    case Type::kString:
      return type == ScalarType::kString;
    case Type::kObject:
      return node.is_mapping();
    case Type::kArray:
      return node.is_sequence();
    case Type::kInteger:
      return is_whole(node, type);
    case Type::kNumber:
      return type == ScalarType::kInteger || type == ScalarType::kNumber;
    case Type::kBoolean:
      return type == ScalarType::kBool;
    case Type::kIntOrString:
      return type == ScalarType::kString || is_whole(node, type);
    default:  // with a format that is a quantity, which is a text or a number
      return schema.format == 0 || (node.is_scalar() && type != ScalarType::kBool);
  }
}

}  // namespace

void Walk::value(const Node& node, const Schema& schema, const Place& place, Ask ask) {
  if (node.is_null()) return null_item(node, schema, place);
  const ScalarType type = node.is_scalar() ? node.type() : ScalarType::kNull;
  if (!fits(node, type, schema)) return wrong_type(node, schema, place);
  if (node.is_mapping()) {
    mapping(node, schema, place, ask);
  } else if (node.is_sequence()) {
    list(node, schema, place, ask);
  } else if (ask != Ask::kShape) {
    scalar(node, type, schema, place);
  }
  if (schema.extra == 0) return;
  const Extra& extra = tables_->extra_of(schema);
  if (extra.rules.count > 0 && ask != Ask::kBranch) ruled_.parts.push_back({&node, &schema});
  if (extra.has_choices() && ask != Ask::kShape) choices(node, schema, extra, place);
}

void Walk::scalar(const Node& node, ScalarType type, const Schema& schema, const Place& place) {
  const bool numeric = schema.type == Type::kInteger || schema.type == Type::kNumber;
  if (numeric || (schema.type == Type::kIntOrString && type != ScalarType::kString)) {
    number(node, schema, tables_->extra_of(schema), place);
  } else if (schema.extra != 0 || schema.format != 0) {
    text(node, type, schema, tables_->extra_of(schema), place);
  }
}

/// Of a mapping nulls are dropped before; these stand in a list. Go makes them zero values.
void Walk::null_item(const Node& node, const Schema& schema, const Place& place) {
  if (schema.flags & kHasRules) ruled_.complete = false;
  if (schema.type == Type::kAny || (schema.flags & kNullable)) return;
  const bool bare = schema.extra == 0 && schema.format == 0 && schema.type != Type::kObject;
  if (!native()) {
    wrong_type(node, schema, place);
  } else if (schema.type == Type::kObject) {
    missing_fields(node, schema, place);
  } else if (!bare) {
    wrong_type(node, schema, place);
  }
}

void Walk::wrong_type(const Node& node, const Schema& schema, const Place& place) {
  if (only_counted()) return;
  Diagnostic& finding =
      error("wrong-type", node,
            fmt::format("expected {}, found {}", wanted(*tables_, schema), manifest::shown(node)), place);
  if (!node.is_scalar()) return;
  if (schema.type == Type::kString) {
    finding.notes.push_back({{}, "put quotes around it"});
    finding.fix = Fix{node.range(), '"' + node.text + '"'};
  } else if (const Node plain = Node::plain(node.text); node.is_text && fits(plain, plain.type(), schema)) {
    finding.notes.push_back({{}, "take the quotes away"});
    finding.fix = Fix{node.range(), node.text};
  }
}

bool Walk::among(std::string_view text, Range enums) const {
  if (enums.count == 0) return true;
  const auto allowed = tables_->texts_of(enums);
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](Text one) { return manifest::same(words(one), text); });
}

void Walk::unlisted(const Node& node, const Extra& extra, const Place& place) {
  if (only_counted()) return;
  std::vector<std::string_view> allowed;
  for (const Text one : tables_->texts_of(extra.enums)) allowed.push_back(words(one));
  Diagnostic& finding =
      error("invalid-value", node,
            fmt::format("\"{}\" is not one of {}", node.text, fmt::join(allowed, ", ")), place);
  if (const auto guess = closest(node.text, allowed)) {
    finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *guess)});
    finding.fix = Fix{node.range(), *guess};
  }
}

void Walk::text(const Node& node, ScalarType type, const Schema& schema, const Extra& extra,
                const Place& place) {
  const std::string_view text = node.text;
  // Go cannot tell an empty text from an absent field.
  const bool may_be_unset = native() && !place.key.empty() && schema.type == Type::kString;
  if (may_be_unset && text.empty() && extra.min_length == 0) return;
  if (!among(text, extra.enums)) return unlisted(node, extra, place);
  if (type != ScalarType::kString) return;
  if (const Format& format = formats()[schema.format]; format.accepts && !format.accepts(text)) {
    error("invalid-value", node, fmt::format("\"{}\" is not {}", text, format.description), place);
    return;
  }
  if (extra.pattern.size > 0) {
    const Regex* pattern = patterns_.find(words(extra.pattern));
    if (pattern && !pattern->is_found_in(text)) {
      error("invalid-value", node, fmt::format("\"{}\" does not match {}", text, words(extra.pattern)),
            place);
      return;
    }
  }
  if (extra.min_length == 0 && extra.max_length == kNoBound) return;
  const auto length = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
  if (length < extra.min_length && length == 0) {
    error("out-of-range", node, "this may not be empty", place);
  } else if (length < extra.min_length) {
    error("out-of-range", node,
          fmt::format("{} characters are too few; at least {}", length, extra.min_length), place);
  } else if (length > extra.max_length) {
    error("out-of-range", node,
          fmt::format("{} characters are too many; at most {}", length, extra.max_length), place);
  }
}

namespace {

struct Width {
  double lowest, highest;
};
Width width_of(std::uint8_t format) {
  const auto name = formats()[format].name;
  if (name == "int32") return {-2147483648.0, 2147483647.0};
  if (name == "uint32") return {0, 4294967295.0};
  if (name == "uint64") return {0, 18446744073709551615.0};
  return {-9223372036854775808.0, 9223372036854775807.0};
}

}  // namespace

void Walk::number(const Node& node, const Schema& schema, const Extra& extra, const Place& place) {
  const auto read = manifest::to_number(node.text);
  if (!read) {
    error("out-of-range", node, fmt::format("{} is no number that JSON can say", node.text), place);
    return;
  }
  if (!among(node.text, extra.enums)) {
    std::vector<std::string_view> allowed;
    for (const Text one : tables_->texts_of(extra.enums)) allowed.push_back(words(one));
    error("invalid-value", node, fmt::format("{} is not one of {}", node.text, fmt::join(allowed, ", ")),
          place);
    return;
  }
  const double number = *read;
  Width width{-1e308, 1e308};
  if (schema.type == Type::kInteger) width = width_of(schema.format);
  if (schema.type == Type::kIntOrString && native()) width = {-2147483648.0, 2147483647.0};
  width.lowest = std::max(width.lowest, extra.minimum);
  width.highest = std::min(width.highest, extra.maximum);
  const bool low = number < width.lowest || (extra.above_minimum && number == extra.minimum);
  const bool high = number > width.highest || (extra.below_maximum && number == extra.maximum);
  if (low || high) {
    const bool open_below = width.lowest <= -9e18, open_above = width.highest >= 9e18;
    const auto limits = open_below   ? fmt::format("at most {:.12g}", width.highest)
                        : open_above ? fmt::format("at least {:.12g}", width.lowest)
                                     : fmt::format("from {:.12g} to {:.12g}", width.lowest, width.highest);
    error("out-of-range", node, fmt::format("{} is out of range: it must be {}", node.text, limits), place);
  } else if (extra.multiple_of > 0 && std::fmod(number, extra.multiple_of) != 0) {
    error("out-of-range", node, fmt::format("{} is no multiple of {:.12g}", node.text, extra.multiple_of),
          place);
  }
}

void Walk::count(const Node& node, std::string_view noun, std::int64_t least, std::int64_t most,
                 const Place& place) {
  const auto size = static_cast<std::int64_t>(node.size());
  if (size < least) {
    error("out-of-range", node,
          size == 0 ? fmt::format("at least {} {} is needed here", least, noun)
                    : fmt::format("{} {}s are too few; at least {}", size, noun, least),
          place);
  } else if (size > most) {
    error("out-of-range", node, fmt::format("{} {}s are too many; at most {}", size, noun, most), place);
  }
}

void Walk::list(const Node& node, const Schema& schema, const Place& place, Ask ask) {
  const Schema& items = tables_->schemas[schema.items];
  std::size_t i = 0;
  for (const Node& item : node.children) value(item, items, place.item(i++), ask);
  if (ask == Ask::kShape) return;
  const Extra& extra = tables_->extra_of(schema);
  if (schema.extra != 0) count(node, "item", extra.min_items, extra.max_items, place);
  if (node.size() > 1) duplicates(node, schema, extra, place);
}

}  // namespace marty::schema
