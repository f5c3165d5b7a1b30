#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "manifest/node.hpp"

namespace marty::manifest {

/// Reads documents that are written the way manifests are: ASCII, block mappings and lists, one-line scalars
/// with or without quotes, flow collections, `|` texts, comments. Many times faster than libyaml.
///
/// It leaves alone what is anything else (anchors, tags, texts over several lines, a repeated key …) or
/// wrong: then nothing is decided, and libyaml reads the document and judges it. What is read here is what
/// libyaml would have read, places included; yaml_plain_test and the fuzzer hold the two against each other.
///
/// One reader for many documents uses its memory again.
class PlainReader {
 public:
  struct Taken {
    std::size_t bytes = 0;  ///< up to the next document, or the end; 0 for a document it leaves alone
    std::uint32_t lines = 0;
  };
  /// Reads the first of the documents.
  Taken read(std::string_view documents, std::uint32_t first_line, std::uint16_t file, Node& out);

  /// What is noted of a value while its document is read. Those of a collection stand behind it, keys in
  /// front of their values; nodes are made of them when all is known, and so need not be moved.
  struct Part {
    NodeHead head;
    const char* text = nullptr;  ///< of a scalar, unescaped
    std::uint32_t size = 0;      ///< of the text; of a collection how many children it has
    bool rewritten = false;      ///< the text is not in the document as it is meant
  };
  struct Parts {
    std::vector<Part> room;
    std::deque<std::string> rewritten;  ///< texts of the parts that are, in order
  };

 private:
  Parts parts_;
};

/// Whether this is the beginning of a line that begins a document: "---". YAML allows such a line nowhere
/// else.
inline bool begins_document(std::string_view line) {
  return line.starts_with("---") &&
         (line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r' || line[3] == '\n');
}

/// Reads any document (or several, where they are not told apart by "---") with libyaml. False when it ends
/// in an error, which is reported.
bool read_any_document(std::string_view text, std::uint32_t first_line, std::uint16_t file, Diagnostics&,
                       std::vector<Node>& documents);

}  // namespace marty::manifest
