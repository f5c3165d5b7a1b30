#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"

namespace marty::cli {

/// A file or symbolic link to have on disk.
struct WantedFile {
  std::string path;  ///< absolute
  std::string text;
  std::string link_to;   ///< not empty: a link with this target instead
  unsigned mode = 0644;  ///< of a file
};

enum class Change { kUnchanged, kChanged, kNew };

/// A wanted file beside what is there now.
struct Comparison {
  WantedFile file;
  Change change = Change::kNew;
  std::string before;  ///< the content now, or of a link its target
};

Result<std::vector<Comparison>> compare(std::vector<WantedFile>);

/// Writes all that is new or changed, or nothing: every file is first written whole under a temporary name
/// beside its place, and only when all are there are they renamed. On failure no temporary file stays.
Status write(const std::vector<Comparison>&);

/// The lines that differ in unified form, with three lines around them; empty when nothing does.
std::string unified_diff(const std::string& name, const std::string& before, const std::string& after);

}  // namespace marty::cli
