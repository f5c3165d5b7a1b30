#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/time.hpp"

namespace marty {

/// Base of anything with one deadline. A Timer must be cancelled before it is destroyed.
struct Timer {
  Instant at = Instant::never();
  std::uint32_t slot = 0;  ///< position in the queue plus one; 0: not queued
};

/// Earliest-deadline-first queue of intrusive timers: a binary heap that knows each timer's place, so
/// setting, moving and cancelling are O(log n) and allocate only when the queue grows beyond its largest size
/// so far.
class TimerQueue {
 public:
  void set(Timer& timer, Instant at);
  void cancel(Timer& timer);
  Instant next() const { return heap_.empty() ? Instant::never() : heap_.front()->at; }
  /// Takes out and returns one timer due at `now`, or nullptr. Ties come out in no particular order.
  Timer* pop_due(Instant now);

 private:
  void place(std::size_t index, Timer* timer);
  void sift_up(std::size_t index);
  void sift_down(std::size_t index);
  std::vector<Timer*> heap_;
};

}  // namespace marty
