#include "telemetry/trace.hpp"

#include <algorithm>

namespace marty::telemetry {

Trace& Trace::operator=(const Trace& other) {
  if (this == &other) return *this;
  std::copy_n(other.steps_.begin(), other.size_, steps_.begin());
  size_ = other.size_;
  return *this;
}

void Trace::drop(const Step& step) {
  auto& slot = steps_.back();
  if (slot.kind != StepKind::kStepsDropped) slot = {StepKind::kStepsDropped, {}, 1, 0, slot.at};
  ++slot.a;
  slot.at = step.at;
}

const Step* Trace::last(StepKind kind) const {
  for (std::size_t i = size_; i-- > 0;)
    if (steps_[i].kind == kind) return &steps_[i];
  return nullptr;
}

}  // namespace marty::telemetry
