#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

/// The disk's door. Every error names the path and, where there is one, the way out. Any thread.
namespace marty::io {

constexpr std::size_t kFileBytesMax = std::size_t{64} << 20;

/// The whole file; devices, pipes and files above `bytes_max` are refused, directories too.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max = kFileBytesMax);

/// Readers see the old content or the new, never a part: written beside the target, synced, renamed over it.
/// A symbolic link is followed, so what it names is replaced and the link stays. On failure (a full disk) the
/// old file is untouched and nothing is left behind. `mode` is what the file ends with, whatever the umask.
Status write_file_atomically(const std::string& path, std::string_view content, unsigned mode = 0644);

/// With all parents; an existing directory is fine and keeps its mode.
Status make_directories(const std::string& path, unsigned mode = 0755);

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;  ///< links are followed
};
/// Sorted by name, without "." and "..".
Result<std::vector<DirectoryEntry>> list_directory(const std::string& path);

}  // namespace marty::io
