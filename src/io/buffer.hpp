#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace marty::io {

/// Storage given back by buffers that ran empty, so that steady traffic allocates nothing. Sizes are powers
/// of two from 4 KiB to 256 KiB; each size keeps at most 1 MiB, larger blocks are freed. One thread.
class BufferPool {
 public:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };
  /// A block of at least `bytes`, contents undefined.
  Block take(std::size_t bytes);
  void give(Block);

 private:
  static constexpr std::size_t kSmallest = 4096;
  static constexpr std::size_t kClasses = 7;
  static constexpr std::size_t kKeptPerClass = 1 << 20;
  std::array<std::vector<Block>, kClasses> kept_;
};

/// Contiguous bytes, appended at the back and consumed from the front. Holds no storage while empty.
class Buffer {
 public:
  std::string_view view() const { return {block_.bytes.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  void append(BufferPool&, std::string_view);
  void consume(BufferPool&, std::size_t bytes);
  void clear(BufferPool& pool) { consume(pool, size()); }

 private:
  void make_room(BufferPool&, std::size_t bytes);
  BufferPool::Block block_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace marty::io
