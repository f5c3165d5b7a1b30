#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "core/result.hpp"
#include "core/timer_queue.hpp"
#include "io/fd.hpp"

namespace marty::io {

class LoopTransport;
class SocketDriver;

/// A deadline served by a loop. Disarm it before it is destroyed.
struct Alarm : Timer {
  virtual void on_alarm(Instant now) = 0;

 protected:
  ~Alarm() = default;
};

/// An alarm that calls a function; for rare uses.
struct CallbackAlarm final : Alarm {
  explicit CallbackAlarm(std::function<void(Instant)> call) : call_(std::move(call)) {}
  void on_alarm(Instant now) override { call_(now); }

 private:
  std::function<void(Instant)> call_;
};

/// Counted since the loop began.
struct LoopStats {
  std::uint64_t turns = 0;
  std::uint64_t receives = 0;  ///< recv calls
  std::uint64_t sends = 0;     ///< send calls
  std::uint64_t accepted = 0;  ///< connections given to an actor
  std::uint64_t connected = 0;
  std::uint64_t rejected_plaintext = 0;  ///< plaintext where TLS is demanded
  std::uint64_t rejected_tls = 0;        ///< failed server handshakes
  std::uint64_t rejected_timeout = 0;    ///< no complete handshake in 10 s
  std::uint64_t listener_pauses = 0;     ///< out of file descriptors: accepting stopped for 100 ms
};

enum class WatchId : std::uint64_t {};

/// One thread's event loop: actors' sockets (behind SocketDriver), timers, other descriptors, posted
/// functions. Everything but post() and stop() belongs to the thread that runs it. Must outlive what is made
/// from it. A turn: wait, read the clock once, events, alarms, then one send per connection that was written
/// to.
class Loop {
 public:
  static Result<std::unique_ptr<Loop>> create();
  ~Loop();
  Loop(const Loop&) = delete;

  /// Where one actor meets its sockets; see loop_transport.hpp.
  std::unique_ptr<LoopTransport> new_transport();

  /// The time of this turn.
  Instant now() const { return now_; }
  /// Until stop(), which may come before.
  void run();
  /// One turn, waiting at most `max_wait` for something to do.
  void run_once(Duration max_wait);
  /// Any thread, and a signal-safe one-way flag: run() returns after the current turn.
  void stop();
  /// Any thread: `task` runs on the loop in a later turn. False, and not run, when 4096 are waiting already.
  [[nodiscard]] bool post(std::function<void()> task);

  /// Calls `ready` with the epoll events of `fd` (level-triggered unless EPOLLET is given) until unwatch().
  Result<WatchId> watch(int fd, std::uint32_t events, std::function<void(std::uint32_t)> ready);
  void unwatch(int fd, WatchId);

  /// Never fires in the turn that armed it.
  void arm(Alarm&, Instant at);
  void disarm(Alarm& alarm) { timers_.cancel(alarm); }

  const LoopStats& stats() const { return stats_; }
  /// Sockets of actors, those still flushing after close() included.
  std::size_t open_connections() const;

 private:
  friend class SocketDriver;
  explicit Loop(Fd epoll, Fd wake);
  int wait_ms(Duration max_wait) const;
  void dispatch(std::uint64_t tag, std::uint32_t events);
  void run_posted();
  void fire_alarms();
  void wake();

  using Ready = std::function<void(std::uint32_t)>;
  Fd epoll_;
  Fd wake_;
  Instant now_;
  LoopStats stats_;
  TimerQueue timers_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Ready>> watches_;
  std::uint64_t last_watch_ = 0;
  std::atomic<bool> stopping_ = false;
  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
  std::unique_ptr<SocketDriver> driver_;
};

}  // namespace marty::io
