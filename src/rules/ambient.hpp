#pragma once

#include "rules/estate.hpp"

namespace marty::rules {

/// A label of a Namespace object; empty when the files do not have it.
std::string_view namespace_label(const Estate&, std::string_view ns, std::string_view key);
/// Whether pods of the namespace are in the mesh without sidecars of their own.
bool is_ambient(const Estate&, std::string_view ns);
/// Whether there is such a namespace among the files.
bool any_ambient(const Estate&);
/// Whether the namespace sends its traffic through a waypoint.
bool uses_waypoint(const Estate&, std::string_view ns);

/// The namespace of the waypoint that a Service's traffic goes through; empty when there is none.
std::string_view waypoint_namespace(const Estate&, const Resource& service);

}  // namespace marty::rules
