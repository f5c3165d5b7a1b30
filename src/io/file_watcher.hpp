#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/loop.hpp"

struct inotify_event;

namespace marty::io {

/// Tells about files that were created, rewritten, renamed or removed in some directories (not below them).
/// Changes are gathered until none came for 50 ms, at most for 1 s, so an editor's save is one call. Belongs
/// to the loop.
class FileWatcher {
 public:
  /// Paths of what changed, sorted; a directory's own path stands for "anything in it" (events were lost).
  using Changed = std::function<void(Instant, const std::vector<std::string>& paths)>;
  static Result<std::unique_ptr<FileWatcher>> start(Loop&, const std::vector<std::string>& directories,
                                                    Changed);
  ~FileWatcher();
  FileWatcher(const FileWatcher&) = delete;

 private:
  FileWatcher(Loop&, Fd, Changed);
  Status add(const std::string& directory);
  void read_events();
  void note(const inotify_event&);
  void deliver(Instant);

  Loop& loop_;
  Fd fd_;
  WatchId watch_{};
  Changed changed_;
  CallbackAlarm quiet_;
  std::unordered_map<int, std::string> directories_;
  std::set<std::string> pending_;
  Instant first_ = Instant::never();
};

}  // namespace marty::io
