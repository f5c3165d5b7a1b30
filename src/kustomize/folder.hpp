#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/diagnostic.hpp"
#include "manifest/file_tree.hpp"
#include "manifest/node.hpp"

namespace marty::kustomize {

/// The texts of one build, each registered in the SourceMap once.
struct Texts {
  Texts(manifest::FileTree& from, SourceMap& into, Diagnostics& findings)
      : tree(from), sources(into), found(findings) {}

  manifest::FileTree& tree;
  SourceMap& sources;
  Diagnostics& found;
  std::vector<std::string> files;  ///< all that were read, in order

  /// The number of a file, read when it is new; an Error as the tree's.
  Result<std::uint16_t> load(const std::string& path);

 private:
  std::map<std::string, std::uint16_t> known_;
};

/// The directory of one kustomization, and files as it may see them: only those in it or below.
class Folder {
 public:
  Folder(Texts& texts, std::string path)
      : texts_(texts), path_(std::move(path)), real_(texts.tree.resolve(path_)) {}

  const std::string& path() const { return path_; }
  const std::string& real() const { return real_; }
  std::string join(std::string_view relative) const { return manifest::join_path(path_, relative); }
  Texts& texts() { return texts_; }

  /// The number of the file an entry names; reported at the entry when it is not there or outside.
  std::optional<std::uint16_t> load(const Sourced<std::string>& entry);
  /// The same for a name that is only a part of the entry, as in "key=path".
  std::optional<std::uint16_t> load(const std::string& name, SourceRange where);

 private:
  Texts& texts_;
  std::string path_, real_;
};

SourceRange range_of(const Sourced<std::string>&);

/// Splits texts into objects as kustomize does: Lists are unfolded, and what stands in a List comes after the
/// rest of the text unless the List is all there is. Documents that are no objects are reported. Patches may
/// leave out the apiVersion.
enum class Need { kResource, kPatch };
std::vector<manifest::Node> only_objects(std::vector<manifest::Node> documents, Need, Diagnostics&);

/// The documents of a text that stands inside a kustomization as a value. Of a block ("|") they get the true
/// places of their values, of other styles the place of the whole.
std::vector<manifest::Node> parse_inline(const Sourced<std::string>& text, const SourceMap&, Diagnostics&);

bool is_inside(std::string_view path, std::string_view directory);

}  // namespace marty::kustomize
