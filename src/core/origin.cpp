#include "core/origin.hpp"

#include <fmt/format.h>

#include "core/assert.hpp"

namespace marty {

std::uint16_t SourceMap::add(std::string name, std::string text) {
  MARTY_ASSERT(files_.size() < UINT16_MAX);
  files_.push_back({std::move(name), std::move(text)});
  return static_cast<std::uint16_t>(files_.size() - 1);
}

std::string_view SourceMap::name(std::uint16_t file) const {
  return file < files_.size() ? std::string_view(files_[file].name) : "?";
}

std::string_view SourceMap::text(std::uint16_t file) const {
  return file < files_.size() ? std::string_view(files_[file].text) : "";
}

std::string_view SourceMap::line(Origin origin) const {
  std::string_view rest = text(origin.file);
  for (std::uint32_t at = 1; at < origin.line; ++at) {
    const auto end = rest.find('\n');
    if (end == rest.npos) return {};
    rest.remove_prefix(end + 1);
  }
  auto found = rest.substr(0, rest.find('\n'));
  if (found.ends_with('\r')) found.remove_suffix(1);
  return origin.known() ? found : std::string_view{};
}

std::string SourceMap::describe(Origin origin) const {
  if (!origin.known()) return "mesh default";
  return fmt::format("{}:{}:{}", name(origin.file), origin.line, origin.column);
}

}  // namespace marty
