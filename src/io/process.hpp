#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/loop.hpp"

namespace marty::io {

/// What to start and what it gets from us.
struct ProcessSpec {
  enum class Input { kNull, kInherit };
  /// kOwn: a session of its own, so a terminal's Ctrl-C does not reach it and its whole group can be ended.
  /// kShared: stays in ours, for an interactive command; then only the process itself is signalled.
  enum class Group { kOwn, kShared };

  std::vector<std::string> argv;                         ///< argv[0] is looked up in PATH
  std::vector<std::pair<std::string, std::string>> env;  ///< added to ours, replacing what has the same name
  std::string directory;                                 ///< empty: ours
  std::string output_file;                               ///< stdout, appended, made 0644; empty: ours
  std::string error_file;                                ///< stderr, likewise; may be the same file
  int input_fd = -1, output_fd = -1, error_fd = -1;      ///< the caller's own, above 2, instead; copied
  Input input = Input::kNull;
  Group group = Group::kOwn;
};

/// How a process ended.
struct ExitStatus {
  int code = 0;    ///< exit code; 128 + signal when killed, as shells have it
  int signal = 0;  ///< 0: it exited by itself
};

/// A child process on a loop. It is killed by the kernel when the thread that started it dies, however that
/// happens; when it ends, what is left of its group is killed too. Destroying a running one kills it and
/// waits for it.
class Process {
 public:
  using Exited = std::function<void(Instant, ExitStatus)>;
  /// Errors when the program cannot be started at all; it names the program, directory or file at fault.
  static Result<std::unique_ptr<Process>> spawn(Loop&, const ProcessSpec&, Exited);
  ~Process();
  Process(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool running() const { return running_; }
  /// SIGTERM now, SIGKILL after `grace`. `Exited` is called as for any end. May be repeated.
  void terminate(Duration grace);
  void signal(int number) const;

 private:
  Process(Loop&, pid_t, ProcessSpec::Group, Fd, Exited);
  void reap(Instant now);

  Loop& loop_;
  pid_t pid_;
  ProcessSpec::Group group_;
  Fd pidfd_;
  WatchId watch_{};
  Exited exited_;
  CallbackAlarm kill_;
  bool running_ = true;
};

}  // namespace marty::io
