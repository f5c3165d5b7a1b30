#include "io/loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "io/clock.hpp"
#include "io/loop_transport.hpp"
#include "io/socket_driver.hpp"

namespace marty::io {
namespace {

// Connections are tagged with their ConnId, which leaves the top bit clear; everything else has it set.
constexpr std::uint64_t kWatchBit = std::uint64_t{1} << 63;
constexpr std::size_t kEventsPerTurn = 256;
constexpr std::size_t kPostedMax = 4096;

}  // namespace

Result<std::unique_ptr<Loop>> Loop::create() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return os_error("creating the event loop", errno, "raise the open files limit (ulimit -n)");
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return os_error("creating the event loop", errno, "raise the open files limit (ulimit -n)");
  const int wake_fd = wake.get();
  std::unique_ptr<Loop> loop(new Loop(std::move(epoll), std::move(wake)));
  auto watched = loop->watch(wake_fd, EPOLLIN, [raw = loop.get()](std::uint32_t) { raw->run_posted(); });
  if (!watched) return std::move(watched.error());
  return loop;
}

Loop::Loop(Fd epoll, Fd wake)
    : epoll_(std::move(epoll)),
      wake_(std::move(wake)),
      now_(io::now()),
      driver_(std::make_unique<SocketDriver>(*this, epoll_.get())) {}

Loop::~Loop() = default;

std::unique_ptr<LoopTransport> Loop::new_transport() {
  return std::unique_ptr<LoopTransport>(new LoopTransport(*this, *driver_));
}

std::size_t Loop::open_connections() const { return driver_->open_connections(); }

void Loop::run() {
  while (!stopping_.exchange(false)) run_once(1h);
}

void Loop::stop() {
  stopping_ = true;
  wake();
}

void Loop::wake() {
  const std::uint64_t one = 1;
  // A full counter means a wake-up is pending anyway.
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

bool Loop::post(std::function<void()> task) {
  {
    const std::lock_guard lock(posted_mutex_);
    if (posted_.size() >= kPostedMax) return false;
    posted_.push_back(std::move(task));
  }
  wake();
  return true;
}

void Loop::run_posted() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof count);
  std::vector<std::function<void()>> tasks;
  {
    const std::lock_guard lock(posted_mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

Result<WatchId> Loop::watch(int fd, std::uint32_t events, std::function<void(std::uint32_t)> ready) {
  const std::uint64_t key = ++last_watch_;
  epoll_event event{};
  event.events = events;
  event.data.u64 = key | kWatchBit;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return os_error("watching a descriptor", errno);
  watches_.emplace(key, std::make_shared<Ready>(std::move(ready)));
  return WatchId{key};
}

void Loop::unwatch(int fd, WatchId id) {
  if (watches_.erase(static_cast<std::uint64_t>(id)) == 0) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Loop::arm(Alarm& alarm, Instant at) {
  // One nanosecond later than this turn is out of reach of fire_alarms(), so an alarm re-armed for "now"
  // cannot spin.
  timers_.set(alarm, std::max(at, now_ + 1ns));
}

int Loop::wait_ms(Duration max_wait) const {
  if (driver_->has_work()) return 0;
  Duration wait = std::min(max_wait, Duration(1h));
  const Instant next = timers_.next();
  if (!next.is_never()) wait = std::min(wait, next - io::now());
  if (wait <= 0ns) return 0;
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
}

void Loop::run_once(Duration max_wait) {
  std::array<epoll_event, kEventsPerTurn> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerTurn, wait_ms(max_wait));
  now_ = io::now();
  ++stats_.turns;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    dispatch(event.data.u64, event.events);
  }
  driver_->run_ready();
  fire_alarms();
  driver_->end_turn();
}

void Loop::dispatch(std::uint64_t tag, std::uint32_t events) {
  if ((tag & kWatchBit) == 0) {
    driver_->on_event(ConnId{tag}, events);
    return;
  }
  const auto found = watches_.find(tag & ~kWatchBit);
  if (found == watches_.end()) return;
  const std::shared_ptr<Ready> ready = found->second;  // the callback may unwatch itself
  (*ready)(events);
}

void Loop::fire_alarms() {
  while (Timer* due = timers_.pop_due(now_)) static_cast<Alarm*>(due)->on_alarm(now_);
}

}  // namespace marty::io
