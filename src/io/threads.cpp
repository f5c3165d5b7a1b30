#include "io/threads.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "io/large_pages.hpp"

namespace marty::io {

Threads::Threads() { use_large_pages(); }

std::size_t Threads::count() const { return std::max(1u, std::thread::hardware_concurrency()); }

void Threads::run(std::size_t pieces, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  const auto take = [&] {
    use_large_pages();
    for (std::size_t piece = next++; piece < pieces; piece = next++) work(piece);
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < std::min(count(), pieces); ++i) others.emplace_back(take);
  take();
}

}  // namespace marty::io
