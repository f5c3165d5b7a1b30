#include "core/origin.hpp"

#include <fmt/format.h>

#include "core/assert.hpp"

namespace marty {

namespace {

constexpr std::size_t kPiece = 64;  ///< of a fixed length, so that the compiler looks at many bytes at a time

std::size_t line_ends(const char* piece) {
  std::uint8_t ends = 0;
  for (std::size_t i = 0; i < kPiece; ++i) ends = static_cast<std::uint8_t>(ends + (piece[i] == '\n'));
  return ends;
}

/// Where every `size`-th line begins.
std::vector<std::size_t> blocks_of(std::string_view text, std::size_t size) {
  std::vector<std::size_t> blocks{0};
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text.size(); at += kPiece) {
    const auto piece = text.substr(at, kPiece);
    const auto ends = piece.size() == kPiece ? line_ends(piece.data()) : kPiece;
    if ((lines + ends) / size == lines / size) {
      lines += ends;
      continue;
    }
    for (auto end = piece.find('\n'); end != piece.npos; end = piece.find('\n', end + 1))
      if (++lines % size == 0) blocks.push_back(at + end + 1);
  }
  return blocks;
}

}  // namespace

std::uint16_t SourceMap::add(std::string name, std::string text) {
  MARTY_ASSERT(files_.size() < UINT16_MAX);
  auto blocks = blocks_of(text, kBlock);
  files_.push_back({std::move(name), std::move(text), std::move(blocks)});
  return static_cast<std::uint16_t>(files_.size() - 1);
}

std::string_view SourceMap::name(std::uint16_t file) const {
  return file < files_.size() ? std::string_view(files_[file].name) : "?";
}

std::string_view SourceMap::text(std::uint16_t file) const {
  return file < files_.size() ? std::string_view(files_[file].text) : "";
}

std::string_view SourceMap::line(Origin origin) const {
  if (!origin.known() || origin.file >= files_.size()) return {};
  const auto& [name, text, blocks] = files_[origin.file];
  const std::size_t before = origin.line - 1;
  if (before / kBlock >= blocks.size()) return {};
  auto rest = std::string_view(text).substr(blocks[before / kBlock]);
  for (std::size_t at = before % kBlock; at > 0; --at) {
    const auto end = rest.find('\n');
    if (end == rest.npos) return {};
    rest.remove_prefix(end + 1);
  }
  auto found = rest.substr(0, rest.find('\n'));
  if (found.ends_with('\r')) found.remove_suffix(1);
  return found;
}

std::string SourceMap::describe(Origin origin) const {
  if (!origin.known()) return "mesh default";
  return fmt::format("{}:{}:{}", name(origin.file), origin.line, origin.column);
}

}  // namespace marty
