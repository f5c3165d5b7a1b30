#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/process.hpp"

namespace marty::io {

/// A program to run to its end with its output kept in memory.
struct CaptureSpec {
  std::vector<std::string> argv;                         ///< argv[0] is looked up in PATH; no shell
  std::vector<std::pair<std::string, std::string>> env;  ///< added to ours
  std::string input;                                     ///< all of its stdin
  Duration limit = 60s;                                  ///< then it is ended
  std::size_t bytes_max = std::size_t{64} << 20;         ///< of each stream; beyond, it is ended
  std::function<bool()> cancelled;                       ///< asked in every turn; may be empty
};

struct Captured {
  /// By itself, or what we ended it for; the output so far is kept in all cases.
  enum class End { kExited, kTimedOut, kCancelled, kTooMuchOutput };
  End end = End::kExited;
  ExitStatus status;
  std::string out, err;
};

/// Runs turns of the loop until the program has ended. An error when it cannot be started.
Result<Captured> capture(Loop&, const CaptureSpec&);

}  // namespace marty::io
