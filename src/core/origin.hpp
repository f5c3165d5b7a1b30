#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace marty {

/// Where a value was written: 8 bytes, so every value of the model can carry one. Line and column count from
/// 1; line 0 means "nobody wrote it, it is the mesh's default". `file` indexes a SourceMap.
struct Origin {
  std::uint32_t line = 0;
  std::uint16_t column = 0;
  std::uint16_t file = 0;

  constexpr bool known() const { return line != 0; }
  friend constexpr bool operator==(Origin, Origin) = default;
};

/// A value together with its origin. Equality compares the values only: two manifests that say the same are
/// equal.
template <class T>
struct Sourced {
  T value{};
  Origin origin{};

  Sourced() = default;
  Sourced(T v, Origin o = {}) : value(std::move(v)), origin(o) {}
  const T& operator*() const { return value; }
  const T* operator->() const { return &value; }
  bool written() const { return origin.known(); }
  friend bool operator==(const Sourced& a, const Sourced& b) { return a.value == b.value; }
};

/// The texts that origins point into. Append-only; not thread-safe while files are added. At most 65 535
/// files.
class SourceMap {
 public:
  /// Registers a file under the name to show to the user; the text is kept for carets.
  std::uint16_t add(std::string name, std::string text);
  std::string_view name(std::uint16_t file) const;
  /// The line without its newline, empty when out of range.
  std::string_view line(Origin) const;
  std::string_view text(std::uint16_t file) const;
  /// "istio-policies.yaml:31:9", or "mesh default" for an unknown origin.
  std::string describe(Origin) const;
  std::size_t size() const { return files_.size(); }

 private:
  struct File {
    std::string name, text;
    std::vector<std::size_t> blocks;  ///< where every kBlock-th line begins: 1, 1 + kBlock, …
  };
  static constexpr std::size_t kBlock = 64;
  std::vector<File> files_;
};

}  // namespace marty
