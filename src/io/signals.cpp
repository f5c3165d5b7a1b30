#include "io/signals.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace marty::io {

SignalWatch::SignalWatch(Loop& loop, Fd fd, const sigset_t& old_mask)
    : loop_(loop), fd_(std::move(fd)), old_mask_(old_mask) {}

SignalWatch::~SignalWatch() {
  loop_.unwatch(fd_.get(), watch_);
  ::pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
}

Result<std::unique_ptr<SignalWatch>> SignalWatch::start(Loop& loop, const std::vector<int>& signals,
                                                        std::function<void(int)> on_signal) {
  sigset_t mask, old_mask;
  ::sigemptyset(&mask);
  for (const int signal : signals) ::sigaddset(&mask, signal);
  Fd fd(::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return os_error("watching for signals", errno);
  ::pthread_sigmask(SIG_BLOCK, &mask, &old_mask);
  std::unique_ptr<SignalWatch> made(new SignalWatch(loop, std::move(fd), old_mask));
  auto watch = loop.watch(made->fd_.get(), EPOLLIN,
                          [fd_number = made->fd_.get(), call = std::move(on_signal)](std::uint32_t) {
                            signalfd_siginfo info{};
                            if (::read(fd_number, &info, sizeof info) == ssize_t{sizeof info}) {
                              call(static_cast<int>(info.ssi_signo));
                            }
                          });
  if (!watch) return std::move(watch.error());
  made->watch_ = *watch;
  return made;
}

}  // namespace marty::io
