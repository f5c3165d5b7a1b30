#include "io/buffer.hpp"

#include <bit>
#include <cstring>

#include "core/assert.hpp"

namespace marty::io {
namespace {

std::size_t class_of(std::size_t size, std::size_t smallest) {
  return static_cast<std::size_t>(std::countr_zero(size) - std::countr_zero(smallest));
}

}  // namespace

BufferPool::Block BufferPool::take(std::size_t bytes) {
  const std::size_t size = std::bit_ceil(bytes < kSmallest ? kSmallest : bytes);
  const std::size_t index = class_of(size, kSmallest);
  if (index < kClasses && !kept_[index].empty()) {
    Block block = std::move(kept_[index].back());
    kept_[index].pop_back();
    return block;
  }
  return {std::unique_ptr<char[]>(new char[size]), size};
}

void BufferPool::give(Block block) {
  if (!block.bytes) return;
  const std::size_t index = class_of(block.size, kSmallest);
  if (index >= kClasses || (kept_[index].size() + 1) * block.size > kKeptPerClass) return;
  kept_[index].push_back(std::move(block));
}

void Buffer::append(BufferPool& pool, std::string_view bytes) {
  if (bytes.empty()) return;
  if (end_ + bytes.size() > block_.size) make_room(pool, bytes.size());
  std::memcpy(block_.bytes.get() + end_, bytes.data(), bytes.size());
  end_ += bytes.size();
}

void Buffer::make_room(BufferPool& pool, std::size_t bytes) {
  const std::size_t held = size();
  // Moving down is only worth it when at least half is free, otherwise small consumes make it quadratic.
  if (held + bytes <= block_.size / 2) {
    std::memmove(block_.bytes.get(), block_.bytes.get() + begin_, held);
  } else {
    BufferPool::Block larger = pool.take(held + bytes);
    if (held > 0) std::memcpy(larger.bytes.get(), block_.bytes.get() + begin_, held);
    std::swap(block_, larger);
    pool.give(std::move(larger));
  }
  begin_ = 0;
  end_ = held;
}

void Buffer::consume(BufferPool& pool, std::size_t bytes) {
  MARTY_ASSERT(bytes <= size());
  begin_ += bytes;
  if (begin_ != end_) return;
  begin_ = end_ = 0;
  pool.give(std::move(block_));
  block_ = {};
}

}  // namespace marty::io
