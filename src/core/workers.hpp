#pragma once

#include <cstddef>
#include <functional>

namespace marty {

/// Runs pieces of work that have nothing to do with each other. Pure code says what can be done at a time;
/// how many threads do it is the shell's choice, and makes no difference to any result.
class Workers {
 public:
  virtual ~Workers() = default;
  /// How many pieces may run at a time; a good number of pieces to cut something into.
  virtual std::size_t count() const { return 1; }
  /// Calls work(0) … work(pieces - 1), in any order; returns when all are done.
  virtual void run(std::size_t pieces, const std::function<void(std::size_t)>& work) {
    for (std::size_t i = 0; i < pieces; ++i) work(i);
  }
};

/// For those who have no threads to lend.
inline Workers& one_at_a_time() {
  static Workers alone;
  return alone;
}

}  // namespace marty
