#pragma once

#include <string_view>

#include "manifest/node.hpp"

namespace marty::manifest {

/// Reads one document that is written the way manifests are: ASCII, block mappings and lists, one-line
/// scalars with or without quotes, flow collections, `|` texts, comments. Several times faster than libyaml.
///
/// False when it meets anything else (anchors, tags, texts over several lines, a repeated key …) or anything
/// wrong: then nothing is decided, and libyaml reads the document and judges it. What is read here is what
/// libyaml would have read, places included; yaml_plain_test and the fuzzer hold the two against each other.
///
/// `open` is where the parts of what is not finished are kept; who reads many documents lends the same again.
bool read_plain_document(std::string_view text, std::uint32_t first_line, std::uint16_t file, Node& out,
                         std::vector<Node>& open);

/// Reads any document (or several, where they are not told apart by "---") with libyaml. False when it ends
/// in an error, which is reported.
bool read_any_document(std::string_view text, std::uint32_t first_line, std::uint16_t file, Diagnostics&,
                       std::vector<Node>& documents);

}  // namespace marty::manifest
