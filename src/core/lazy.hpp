#pragma once

#include <atomic>
#include <memory>

namespace marty {

/// What is made when first asked for. Threads may ask side by side: at worst two make the same, and one of
/// the two is kept.
template <class T>
class Lazy {
 public:
  Lazy() = default;
  Lazy(const Lazy&) = delete;
  Lazy& operator=(const Lazy&) = delete;
  ~Lazy() { delete made_.load(std::memory_order_relaxed); }

  /// `make` returns a std::unique_ptr.
  template <class Make>
  const T& get(const Make& make) const {
    if (const T* known = made_.load(std::memory_order_acquire)) return *known;
    std::unique_ptr<const T> fresh = make();
    const T* other = nullptr;
    return made_.compare_exchange_strong(other, fresh.get(), std::memory_order_acq_rel) ? *fresh.release()
                                                                                        : *other;
  }

 private:
  mutable std::atomic<const T*> made_ = nullptr;
};

}  // namespace marty
