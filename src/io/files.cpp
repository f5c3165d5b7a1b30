#include "io/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "io/entropy.hpp"
#include "io/fd.hpp"

namespace marty::io {
namespace {

namespace fs = std::filesystem;

std::string way_out(int error_number, const std::string& path) {
  switch (error_number) {
    case ENOENT:
      return "check the path: ls -ld " + path;
    case EACCES:
    case EPERM:
      return "check who may read and write it: ls -ld " + path;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return "free some space (df -h) and try again";
    case EISDIR:
    case EINVAL:
      return "name a regular file, or one that does not exist yet";
    case EROFS:
      return "choose a place that can be written";
    default:
      return {};
  }
}

/// A user's file that cannot be read is wrong input; a file we cannot write is the environment.
Error read_error(const std::string& path, int error_number) {
  return {ErrorCode::kInput, fmt::format("reading {}: {}", path, errno_text(error_number)),
          way_out(error_number, path)};
}
Error write_error(const std::string& path, int error_number) {
  return {ErrorCode::kEnvironment, fmt::format("writing {}: {}", path, errno_text(error_number)),
          way_out(error_number, path)};
}

/// Where the bytes really go: links are followed even when the last one points to nothing yet.
Result<std::string> resolve_links(std::string path) {
  constexpr int kHopsMax = 40;  // as the kernel's own limit
  for (int hop = 0; hop < kHopsMax; ++hop) {
    std::error_code error;
    const fs::path target = fs::read_symlink(path, error);
    if (error) return path;
    path = target.is_absolute() ? target.string() : (fs::path(path).parent_path() / target).string();
  }
  return write_error(path, ELOOP);
}

/// Removes the temporary file unless it was renamed.
struct Temporary {
  std::string path;
  ~Temporary() {
    if (!path.empty()) ::unlink(path.c_str());
  }
};

int write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : ENOSPC;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

/// So that the rename itself survives a power cut; some file systems cannot, and then it is as good as it
/// gets.
void sync_directory(const std::string& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd) ::fsync(fd.get());
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return read_error(path, errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return read_error(path, errno);
  if (S_ISDIR(status.st_mode)) return read_error(path, EISDIR);
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::kInput, fmt::format("reading {}: not a regular file", path), {}};
  }
  std::string content;
  std::size_t room = std::min(static_cast<std::size_t>(status.st_size) + 1, bytes_max + 1);
  for (;;) {
    const std::size_t had = content.size();
    if (had == room) room += 65536;  // it grew, or is one of those that do not know their size
    content.resize(room);
    const ssize_t n = ::read(fd.get(), content.data() + had, content.size() - had);
    content.resize(had + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (n < 0 && errno != EINTR) return read_error(path, errno);
    if (n == 0) return content;
    if (content.size() > bytes_max) {
      return Error{ErrorCode::kInput, fmt::format("reading {}: larger than {} bytes", path, bytes_max), {}};
    }
  }
}

Status write_file_atomically(const std::string& path, std::string_view content, unsigned mode) {
  auto target = resolve_links(path);
  if (!target) return std::move(target.error());
  struct stat status {};
  if (::stat(target->c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return write_error(path, S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
  }
  const std::string folder =
      fs::path(*target).has_parent_path() ? fs::path(*target).parent_path().string() : ".";
  Temporary temporary;
  const std::string name =
      fmt::format("{}/.{}.{:016x}", folder, fs::path(*target).filename().string(), random_seed());
  Fd fd(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return write_error(path, errno);
  temporary.path = name;
  if (const int error_number = write_all(fd.get(), content)) return write_error(path, error_number);
  if (::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0) return write_error(path, errno);
  if (::close(fd.release()) != 0) return write_error(path, errno);
  if (::rename(name.c_str(), target->c_str()) != 0) return write_error(path, errno);
  temporary.path.clear();
  sync_directory(folder);
  return ok();
}

Status make_directories(const std::string& path, unsigned mode) {
  for (std::size_t end = 1; end != std::string::npos && end <= path.size();) {
    end = path.find('/', end);
    const std::string part = path.substr(0, end);
    if (end != std::string::npos) ++end;
    if (::mkdir(part.c_str(), mode) == 0) continue;
    const int error_number = errno;
    struct stat status {};
    if (::stat(part.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) continue;
    return os_error("creating the directory " + path, error_number == EEXIST ? ENOTDIR : error_number,
                    way_out(error_number, part));
  }
  return ok();
}

Result<std::vector<DirectoryEntry>> list_directory(const std::string& path) {
  std::vector<DirectoryEntry> entries;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;  // a dangling link is listed as not a directory
    entries.push_back({it->path().filename().string(), it->is_directory(ignored)});
  }
  if (error) return read_error(path, error.value());
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

}  // namespace marty::io
