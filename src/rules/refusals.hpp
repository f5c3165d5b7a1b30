#pragma once

#include <initializer_list>
#include <string_view>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

/// Shapes of fields that Istio's webhook refuses, whatever the field is called.
namespace marty::rules {

/// Whether a field is there and says something.
bool has(const Node& from, std::string_view field);
/// A protocol of Istio's for a port that is no Service's, in any case.
bool is_protocol(std::string_view name);
/// Reports the second of two fields that exclude each other; returns whether it did.
bool check_exclusive(const Resource&, const Place& in, std::string_view first, std::string_view second,
                     Report&);
/// Reports a mapping that is there and has none of the fields.
bool check_needs_one(const Resource&, const Place& in, std::initializer_list<std::string_view> fields,
                     Report&);
/// Reports a value; `field` may be a path below `in`.
Diagnostic& refuse(const Resource&, const Place& in, std::string_view field, std::string message, Report&);

}  // namespace marty::rules
