#pragma once

#include "core/workers.hpp"

namespace marty::io {

/// Work on all processors. Threads are started for a run and joined at its end, so that there are none while
/// nothing runs; a run costs some tens of microseconds.
class Threads final : public Workers {
 public:
  Threads();
  std::size_t count() const override;
  void run(std::size_t pieces, const std::function<void(std::size_t)>& work) override;
};

}  // namespace marty::io
