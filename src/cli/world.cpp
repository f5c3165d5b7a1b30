#include "cli/world.hpp"

#include <fmt/format.h>

namespace marty::cli {

std::string World::resolve(const std::string& path) const {
  if (path.empty() || path.front() == '/') return path;
  return cwd.ends_with('/') ? cwd + path : cwd + "/" + path;
}

std::string World::shown(const std::string& path) const {
  const std::string below = cwd.ends_with('/') ? cwd : cwd + "/";
  return path.starts_with(below) && path.size() > below.size() ? path.substr(below.size()) : path;
}

int fail(const World& world, const Error& error) {
  world.err(fmt::format("marty: {}\n", error.text));
  if (!error.next.empty()) world.err(fmt::format("  {}\n", error.next));
  switch (error.code) {
    case ErrorCode::kInput:
      return exit_code::kInput;
    case ErrorCode::kEnvironment:
      return exit_code::kEnvironment;
    case ErrorCode::kInterrupted:
      break;
  }
  return exit_code::kInterrupted;
}

int usage_error(const World& world, std::string_view problem) {
  world.err(fmt::format("marty: {}\n", problem));
  return exit_code::kUsage;
}

}  // namespace marty::cli
