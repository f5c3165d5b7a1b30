#pragma once

#include <memory>
#include <vector>

namespace marty {

/// Hands out objects and takes them back for reuse, so that a warm path does not allocate. Objects keep
/// whatever capacity they grew; the pool frees them only when it is destroyed. Everything handed out must
/// come back first.
template <class T>
class ObjectPool {
 public:
  T* take() {
    if (free_.empty()) {
      all_.push_back(std::make_unique<T>());
      free_.reserve(all_.size());
      return all_.back().get();
    }
    T* const object = free_.back();
    free_.pop_back();
    return object;
  }
  void give_back(T* object) { free_.push_back(object); }
  std::size_t in_use() const { return all_.size() - free_.size(); }

 private:
  std::vector<std::unique_ptr<T>> all_;
  std::vector<T*> free_;
};

}  // namespace marty
