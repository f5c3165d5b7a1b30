#include "cli/test_world.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace marty::cli {

namespace fs = std::filesystem;

TestWorld::TestWorld() : before_(fs::current_path().string()) {
  auto name = (fs::temp_directory_path() / "marty-cli-XXXXXX").string();
  MARTY_ASSERT(::mkdtemp(name.data()) != nullptr);
  directory_ = fs::canonical(name).string();
  fs::current_path(directory_);
  world.cwd = directory_;
  world.out = [this](std::string_view text) { out += text; };
  world.err = [this](std::string_view text) { err += text; };
  world.read_stdin = [this]() -> Result<std::string> { return standard_input; };
  world.today = [] { return std::string("2026-01-01"); };
  world.env = [this](const char* variable) { return env[variable]; };
}

TestWorld::~TestWorld() {
  std::error_code ignored;
  fs::current_path(before_, ignored);
  fs::remove_all(directory_, ignored);
}

int TestWorld::run(const std::vector<std::string>& words) {
  out.clear();
  err.clear();
  return cli::run(world, words);
}

void TestWorld::put(const std::string& path, const std::string& text) const {
  const fs::path full = fs::path(directory_) / path;
  fs::create_directories(full.parent_path());
  std::ofstream(full, std::ios::binary) << text;
}

std::string TestWorld::get(const std::string& path) const {
  std::ifstream file(fs::path(directory_) / path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool TestWorld::has(const std::string& path) const { return fs::exists(fs::path(directory_) / path); }

std::vector<std::string> TestWorld::files() const {
  std::vector<std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(directory_))
    if (!entry.is_directory() || entry.is_symlink())
      all.push_back(entry.path().lexically_relative(directory_).string());
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace marty::cli
