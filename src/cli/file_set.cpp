#include "cli/file_set.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "io/files.hpp"

namespace marty::cli {

namespace fs = std::filesystem;

namespace {

std::string staged(const std::string& path) {
  const auto slash = path.rfind('/') + 1;
  return path.substr(0, slash) + "." + path.substr(slash) + ".marty-new";
}

Error disk_error(const std::string& path, const std::error_code& error) {
  return {ErrorCode::kEnvironment, fmt::format("{}: {}", path, error.message()),
          "nothing was changed; free the path, then try again"};
}

/// A link we write replaces whatever link was there; a file never replaces a directory.
Result<Comparison> compare_one(WantedFile file) {
  std::error_code error;
  const auto status = fs::symlink_status(file.path, error);
  if (status.type() == fs::file_type::not_found) return Comparison{std::move(file), Change::kNew, {}};
  if (error) return disk_error(file.path, error);
  if (status.type() == fs::file_type::directory)
    return disk_error(file.path, std::make_error_code(std::errc::is_a_directory));
  Comparison out{std::move(file), Change::kChanged, {}};
  const bool is_link = status.type() == fs::file_type::symlink;
  if (is_link) {
    out.before = fs::read_symlink(out.file.path, error).string();
  } else {
    auto text = io::read_file(out.file.path);
    if (!text) return std::move(text.error());
    out.before = std::move(*text);
  }
  const bool wants_link = !out.file.link_to.empty();
  const bool may_run = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
  if (is_link == wants_link && (is_link || may_run == ((out.file.mode & 0100) != 0)) &&
      out.before == (wants_link ? out.file.link_to : out.file.text))
    out.change = Change::kUnchanged;
  return out;
}

Status stage(const WantedFile& file) {
  MARTY_TRY(io::make_directories(file.path.substr(0, file.path.rfind('/'))));
  const auto temporary = staged(file.path);
  std::error_code error;
  fs::remove(temporary, error);  // left by a run that was killed
  if (file.link_to.empty()) return io::write_file_atomically(temporary, file.text, file.mode);
  fs::create_symlink(file.link_to, temporary, error);
  if (error) return disk_error(file.path, error);
  return ok();
}

}  // namespace

Result<std::vector<Comparison>> compare(std::vector<WantedFile> files) {
  std::vector<Comparison> all;
  for (auto& file : files) {
    auto one = compare_one(std::move(file));
    if (!one) return std::move(one.error());
    all.push_back(std::move(*one));
  }
  return all;
}

Status write(const std::vector<Comparison>& files) {
  Status status = ok();
  for (const auto& one : files) {
    if (one.change == Change::kUnchanged) continue;
    status = stage(one.file);
    if (!status) break;
  }
  for (const auto& one : files) {
    if (one.change == Change::kUnchanged) continue;
    std::error_code error, ignored;
    if (status) fs::rename(staged(one.file.path), one.file.path, error);
    if (error) status = disk_error(one.file.path, error);
    if (!status) fs::remove(staged(one.file.path), ignored);
  }
  return status;
}

}  // namespace marty::cli
