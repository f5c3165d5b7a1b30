#include "io/large_pages.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace marty::io {

#ifdef __GLIBC__
namespace {

/// glibc's HEAP_MAX_SIZE: heaps of threads have this size, of address space, and begin at its multiples.
constexpr std::uintptr_t kHeap = std::uintptr_t{64} << 20;
constexpr std::uintptr_t kPage = 4096;

std::uintptr_t address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

/// Only a hint, so that it does not matter what of the range is somebody else's.
void advise(std::uintptr_t begin, std::uintptr_t end) {
  begin &= ~(kPage - 1);
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

/// Heaps that open at once: glibc does it page by page otherwise, each with a system call during which no
/// thread can take a fault, and gives large blocks back to the kernel, which clears them anew.
bool open_at_once() {
  return ::mallopt(M_TOP_PAD, kHeap) + ::mallopt(M_TRIM_THRESHOLD, kHeap) +
             ::mallopt(M_MMAP_THRESHOLD, kHeap / 2) ==
         3;
}

}  // namespace

void use_large_pages() {
  [[maybe_unused]] static const bool opened = open_at_once();
  void* block = std::malloc(256 << 10);  // more than is left of a heap that has not grown
  const auto here = address(block), top = address(::sbrk(0));
  std::free(block);
  if (here < top && top - here < 2 * kHeap)  // the first thread's heap ends at the program break
    advise(here, top);
  else
    advise(here & ~(kHeap - 1), (here | (kHeap - 1)) + 1);
}
#else
void use_large_pages() {}
#endif

}  // namespace marty::io
