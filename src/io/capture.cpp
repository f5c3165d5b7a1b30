#include "io/capture.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "io/clock.hpp"

namespace marty::io {
namespace {

/// Our end of one of the program's standard streams, watched by the loop while it is open. Socket pairs, not
/// pipes: writing to a program that reads no more must be an error and not a signal.
class Stream {
 public:
  static Result<std::unique_ptr<Stream>> open(Loop& loop) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      return os_error("making a stream for a program", errno);
    std::unique_ptr<Stream> made(new Stream(loop, Fd(ends[0]), Fd(ends[1])));
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return made;
  }
  ~Stream() { close(); }
  Stream(const Stream&) = delete;

  int theirs() const { return theirs_.get(); }
  void forget_theirs() { theirs_.reset(); }
  bool is_open() const { return static_cast<bool>(ours_); }

  Status feed(std::string_view input) {
    left_ = input;
    return watch(EPOLLOUT, [this] { send(); });
  }
  Status keep(std::string& into, std::size_t bytes_max) {
    into_ = &into;
    bytes_max_ = bytes_max;
    return watch(EPOLLIN, [this] { receive(); });
  }

  /// Everything that is there now.
  void receive() {
    char block[16384];
    while (is_open() && into_->size() <= bytes_max_) {
      const auto got = ::recv(ours_.get(), block, sizeof block, 0);
      if (got > 0) {
        into_->append(block, static_cast<std::size_t>(got));
      } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        close();
      } else if (errno == EAGAIN) {
        return;
      }
    }
  }

 private:
  Stream(Loop& loop, Fd ours, Fd theirs) : loop_(loop), ours_(std::move(ours)), theirs_(std::move(theirs)) {}

  Status watch(std::uint32_t events, std::function<void()> act) {
    auto watch = loop_.watch(ours_.get(), events, [act = std::move(act)](std::uint32_t) { act(); });
    if (!watch) return std::move(watch.error());
    watch_ = *watch;
    watched_ = true;
    return ok();
  }

  void send() {
    while (!left_.empty()) {
      const auto sent = ::send(ours_.get(), left_.data(), left_.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && errno == EAGAIN) return;
      if (sent < 0) break;  // it reads no more; its exit status says whether that was right
      left_.remove_prefix(static_cast<std::size_t>(sent));
    }
    close();
  }

  void close() {
    if (watched_) loop_.unwatch(ours_.get(), watch_);
    watched_ = false;
    ours_.reset();
  }

  Loop& loop_;
  Fd ours_, theirs_;
  WatchId watch_{};
  bool watched_ = false;
  std::string_view left_;
  std::string* into_ = nullptr;
  std::size_t bytes_max_ = 0;
};

}  // namespace

Result<Captured> capture(Loop& loop, const CaptureSpec& spec) {
  auto in = Stream::open(loop), out = Stream::open(loop), err = Stream::open(loop);
  for (auto* stream : {&in, &out, &err}) {
    if (!*stream) return std::move(stream->error());
  }
  Captured captured;
  bool ended = false;
  ProcessSpec process_spec;
  process_spec.argv = spec.argv;
  process_spec.env = spec.env;
  process_spec.input_fd = (*in)->theirs();
  process_spec.output_fd = (*out)->theirs();
  process_spec.error_fd = (*err)->theirs();
  auto process = Process::spawn(loop, process_spec, [&](Instant, ExitStatus status) {
    captured.status = status;
    ended = true;
  });
  if (!process) return std::move(process.error());
  for (auto* stream : {&in, &out, &err}) (**stream)->forget_theirs();
  MARTY_TRY((*in)->feed(spec.input));
  MARTY_TRY((*out)->keep(captured.out, spec.bytes_max));
  MARTY_TRY((*err)->keep(captured.err, spec.bytes_max));

  const Instant deadline = now() + spec.limit;
  const auto give_up = [&](Captured::End why) {
    if (captured.end != Captured::End::kExited) return;
    captured.end = why;
    (*process)->terminate(2s);
  };
  while (!ended) {
    if (now() >= deadline) give_up(Captured::End::kTimedOut);
    if (spec.cancelled && spec.cancelled()) give_up(Captured::End::kCancelled);
    if (std::max(captured.out.size(), captured.err.size()) > spec.bytes_max)
      give_up(Captured::End::kTooMuchOutput);
    loop.run_once(50ms);
  }
  (*out)->receive();
  (*err)->receive();
  return captured;
}

}  // namespace marty::io
