#include "io/file_watcher.hpp"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace marty::io {
namespace {

constexpr Duration kQuiet = 50ms;
constexpr Duration kDelayMax = 1s;
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                  IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

FileWatcher::FileWatcher(Loop& loop, Fd fd, Changed changed)
    : loop_(loop),
      fd_(std::move(fd)),
      changed_(std::move(changed)),
      quiet_([this](Instant now) { deliver(now); }) {}

FileWatcher::~FileWatcher() {
  loop_.disarm(quiet_);
  loop_.unwatch(fd_.get(), watch_);
}

Result<std::unique_ptr<FileWatcher>> FileWatcher::start(Loop& loop,
                                                        const std::vector<std::string>& directories,
                                                        Changed changed) {
  Fd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!fd) return os_error("watching files", errno, "raise fs.inotify.max_user_instances (sysctl)");
  std::unique_ptr<FileWatcher> watcher(new FileWatcher(loop, std::move(fd), std::move(changed)));
  for (const std::string& directory : directories) MARTY_TRY(watcher->add(directory));
  auto watch =
      loop.watch(watcher->fd_.get(), EPOLLIN, [raw = watcher.get()](std::uint32_t) { raw->read_events(); });
  if (!watch) return std::move(watch.error());
  watcher->watch_ = *watch;
  return watcher;
}

Status FileWatcher::add(const std::string& directory) {
  const int id = ::inotify_add_watch(fd_.get(), directory.c_str(), kEvents);
  if (id < 0) {
    return os_error("watching " + directory, errno,
                    errno == ENOSPC ? "raise fs.inotify.max_user_watches (sysctl)" : "");
  }
  directories_[id] = directory;
  return ok();
}

void FileWatcher::read_events() {
  alignas(inotify_event) char bytes[16 * 1024];
  const ssize_t count = ::read(fd_.get(), bytes, sizeof bytes);
  for (ssize_t at = 0; at < count;) {
    const auto& event = *reinterpret_cast<const inotify_event*>(bytes + at);
    note(event);
    at += static_cast<ssize_t>(sizeof event + event.len);
  }
  if (pending_.empty()) return;
  first_ = std::min(first_, loop_.now());
  loop_.arm(quiet_, std::min(loop_.now() + kQuiet, first_ + kDelayMax));
}

void FileWatcher::note(const inotify_event& event) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) {
    for (const auto& [id, directory] : directories_) pending_.insert(directory);
    return;
  }
  const auto found = directories_.find(event.wd);
  if (found == directories_.end()) return;
  pending_.insert(event.len > 0 ? found->second + "/" + event.name : found->second);
  if ((event.mask & IN_IGNORED) != 0) directories_.erase(found);  // the directory is gone
}

void FileWatcher::deliver(Instant now) {
  const std::vector<std::string> paths(pending_.begin(), pending_.end());
  pending_.clear();
  first_ = Instant::never();
  changed_(now, paths);
}

}  // namespace marty::io
