#pragma once

#include <csignal>
#include <functional>
#include <memory>
#include <vector>

#include "io/loop.hpp"

namespace marty::io {

/// Delivers signals as calls on the loop. Make it before other threads start: it blocks the signals in the
/// calling thread and those made from it later. The destructor restores the mask.
class SignalWatch {
 public:
  static Result<std::unique_ptr<SignalWatch>> start(Loop&, const std::vector<int>& signals,
                                                    std::function<void(int signal)> on_signal);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;

 private:
  SignalWatch(Loop&, Fd, const sigset_t& old_mask);
  Loop& loop_;
  Fd fd_;
  WatchId watch_{};
  sigset_t old_mask_;
};

}  // namespace marty::io
