#pragma once

#include <span>
#include <string>

#include "manifest/node.hpp"

namespace marty::manifest {

/// Prints a node as block-style YAML that ends in a newline: two spaces, lists in the column of their key,
/// texts of several lines as `|`, quotes only where a reader could take the text for something else. Reading
/// it back gives an equal node. Same node, same text.
std::string write_yaml(const Node&);

/// Prints a node as JSON, indented by two spaces, short lists and objects on one line; comments are left out.
/// Numbers must be written as JSON has them. Same node, same text.
std::string write_json(const Node&);

/// Several documents with `---` between them, under a comment (without "#"; may be empty).
std::string write_documents(std::string_view comment, std::span<const Node> documents);

}  // namespace marty::manifest
