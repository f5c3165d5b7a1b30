#include "telemetry/decision_ring.hpp"

#include "core/assert.hpp"

namespace marty::telemetry {

DecisionRing::DecisionRing(std::size_t capacity) : capacity_(capacity) {
  MARTY_ASSERT(capacity > 0);
  kept_.reserve(capacity);
}

void DecisionRing::record(WallTime finished, std::string_view method, std::string_view path, int status,
                          Flags flags, std::uint64_t generation, const Trace& trace, std::string_view peer) {
  auto& slot = kept_.size() < capacity_ ? kept_.emplace_back() : kept_[recorded_ % capacity_];
  slot.number = ++recorded_;
  slot.finished = finished;
  slot.generation = generation;
  slot.status = status;
  slot.flags = flags;
  slot.method.assign(method);
  slot.path.assign(path);
  slot.peer.assign(peer);
  slot.trace = trace;
}

const Decision& DecisionRing::newest(std::size_t back) const {
  MARTY_ASSERT(back < kept_.size());
  return kept_[(recorded_ - 1 - back) % capacity_];
}

const Decision* DecisionRing::find(std::uint64_t number) const {
  if (number == 0 || number > recorded_ || recorded_ - number >= kept_.size()) return nullptr;
  return &newest(recorded_ - number);
}

}  // namespace marty::telemetry
