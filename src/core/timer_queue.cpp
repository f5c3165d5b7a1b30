#include "core/timer_queue.hpp"

#include <utility>

namespace marty {

void TimerQueue::place(std::size_t index, Timer* timer) {
  heap_[index] = timer;
  timer->slot = static_cast<std::uint32_t>(index + 1);
}

void TimerQueue::sift_up(std::size_t index) {
  Timer* const timer = heap_[index];
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (heap_[parent]->at <= timer->at) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, timer);
}

void TimerQueue::sift_down(std::size_t index) {
  Timer* const timer = heap_[index];
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->at < heap_[child]->at) ++child;
    if (timer->at <= heap_[child]->at) break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, timer);
}

void TimerQueue::set(Timer& timer, Instant at) {
  const Instant before = std::exchange(timer.at, at);
  if (timer.slot == 0) {
    heap_.push_back(&timer);
    sift_up(heap_.size() - 1);
  } else if (at < before) {
    sift_up(timer.slot - 1);
  } else {
    sift_down(timer.slot - 1);
  }
}

void TimerQueue::cancel(Timer& timer) {
  if (timer.slot == 0) return;
  const std::size_t index = timer.slot - 1;
  timer.slot = 0;
  timer.at = Instant::never();
  Timer* const last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  place(index, last);
  sift_up(index);
  sift_down(last->slot - 1);
}

Timer* TimerQueue::pop_due(Instant now) {
  if (heap_.empty() || heap_.front()->at > now) return nullptr;
  Timer* const timer = heap_.front();
  cancel(*timer);
  return timer;
}

}  // namespace marty
