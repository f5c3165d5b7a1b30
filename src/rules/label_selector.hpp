#pragma once

#include "mesh/servers.hpp"
#include "rules/estate.hpp"

namespace marty::rules {

/// A Kubernetes LabelSelector as written: matchLabels and matchExpressions. What is no selector selects all.
mesh::Selector selector_at(const Node&);

/// The labels of a namespace, with the one that Kubernetes gives it; nothing when the files do not have it.
std::optional<mesh::Labels> namespace_labels(const Estate&, std::string_view ns);

}  // namespace marty::rules
