#include "io/threads.hpp"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace marty::io {

Threads::Threads() {
  // glibc opens the heap of a thread page by page, each with a system call during which no thread can take a
  // page fault. This is address space only: a whole heap of a thread, which is 64 MiB.
  ::mallopt(M_TOP_PAD, 64 << 20);
}

std::size_t Threads::count() const { return std::max(1u, std::thread::hardware_concurrency()); }

void Threads::run(std::size_t pieces, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  const auto take = [&] {
    for (std::size_t piece = next++; piece < pieces; piece = next++) work(piece);
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < std::min(count(), pieces); ++i) others.emplace_back(take);
  take();
}

}  // namespace marty::io
