#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "manifest/node.hpp"

/// Ways through an object as it was written, for rules that look at single fields of many kinds.
namespace marty::rules {

using manifest::Node;

/// The value at a dotted path ("spec.template.metadata.labels"); nullptr when the way ends. Keys that contain
/// dots are asked for with Node::find.
const Node* get(const Node& from, std::string_view path);
/// The text of the scalar there, or an empty one.
std::string_view text(const Node& from, std::string_view path);
/// The number there; nothing for what is absent or no integer.
std::optional<std::int64_t> number(const Node& from, std::string_view path);
bool is_true(const Node* node);
/// Whether there is one that has entries; a manifest may say anything anywhere.
inline bool is_mapping(const Node* node) { return node != nullptr && node->is_mapping(); }

/// A value and how to get there, "spec.http[0].route[1].weight".
struct Place {
  const Node& node;
  const std::string& path;
};
/// Calls `see` for every value a pattern leads to. "[]" means each item of a sequence, "{}" each value of a
/// mapping: "spec.http[].route[].destination.host".
void each(const Node& root, std::string_view pattern, const std::function<void(const Place&)>& see);
/// Every scalar below a node, whatever it is called.
void each_scalar(const Node& root, const std::function<void(const Place&)>& see);

}  // namespace marty::rules
