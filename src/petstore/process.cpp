#include "petstore/process.hpp"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "io/clock.hpp"
#include "io/fd.hpp"
#include "io/loop_transport.hpp"

namespace marty::petstore {
namespace {

constexpr Duration kDrainTimeout = 10s;
constexpr ListenerId kListener{1};

void write_to_stderr(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written <= 0) return;  // nobody reads the log any more; serving goes on
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

Result<std::unique_ptr<PetStore>> open_store(const Options& options) {
  if (options.store == "memory") return make_memory_store();
  return open_sqlite_store(options.store.substr(std::string_view("sqlite:").size()));
}

/// One HTTP server on one address.
struct Door {
  std::unique_ptr<io::LoopTransport> transport;
  http::Server server;

  Door(io::Loop& loop, http::Server::Handler handler, http::ServerLimits limits)
      : transport(loop.new_transport()), server(*transport, std::move(handler), limits) {
    transport->bind(server);
  }
  Status listen(const std::string& address) {
    return transport->listen(kListener, {address}, Security::kPlaintext);
  }
  void drain(Instant now) {
    transport->unlisten(kListener);
    server.drain(now);
  }
};

/// SIGTERM and SIGINT as a descriptor, so that they arrive between two turns like everything else.
Result<io::Fd> take_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  io::Fd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return io::os_error("watching for signals", errno);
  return fd;
}

class Process {
 public:
  Process(const Options& options, std::unique_ptr<PetStore> store, std::unique_ptr<io::Loop> loop,
          io::Fd signals)
      : options_(options),
        log_(
            options.log_level, write_to_stderr, [] { return io::iso8601(io::wall_now()); },
            options.service.version_label),
        store_(std::move(store)),
        service_(*store_, log_, io::now, options.service),
        loop_(std::move(loop)),
        signals_(std::move(signals)),
        api_(*loop_, [this](const http::Request& r) { return service_.api(r); },
             {.body_bytes_max = 64 * 1024}),
        metrics_(*loop_, [this](const http::Request& r) { return service_.metrics(r); },
                 {.body_bytes_max = 1024}) {
    for (Door* door : {&api_, &metrics_}) {
      door->server.on_refusal([this](http::Response& response) { service_.dress_refusal(response); });
    }
  }

  Status start() {
    MARTY_TRY(api_.listen(api_address(options_)));
    MARTY_TRY(metrics_.listen(metrics_address(options_)));
    auto watched = loop_->watch(signals_.get(), EPOLLIN, [this](std::uint32_t) { on_signal(); });
    if (!watched) return std::move(watched.error());
    log_.say(LogLevel::kInfo, "listening",
             api_.transport->bound_address(kListener).text + ", metrics on " +
                 metrics_.transport->bound_address(kListener).text);
    return ok();
  }

  void serve() {
    while (!done()) loop_->run_once(1h);
    loop_->disarm(deadline_);
    log_.say(LogLevel::kInfo, "stopped");
  }

 private:
  bool done() const { return stop_now_ || (draining_ && loop_->open_connections() == 0); }

  void on_signal() {
    signalfd_siginfo info;
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) return;
    stop_now_ = draining_;
    if (draining_) return;
    draining_ = true;
    log_.say(LogLevel::kInfo, "draining");
    api_.drain(loop_->now());
    metrics_.drain(loop_->now());
    loop_->arm(deadline_, loop_->now() + kDrainTimeout);
  }

  const Options& options_;
  Log log_;
  std::unique_ptr<PetStore> store_;
  Service service_;
  std::unique_ptr<io::Loop> loop_;
  io::Fd signals_;
  bool draining_ = false, stop_now_ = false;
  io::CallbackAlarm deadline_{[this](Instant) {
    log_.say(LogLevel::kWarn, "drain timeout", "connections are cut");
    stop_now_ = true;
  }};
  Door api_, metrics_;
};

}  // namespace

Status run(const Options& options) {
  auto signals = take_signals();
  if (!signals) return std::move(signals.error());
  auto store = open_store(options);
  if (!store) return std::move(store.error());
  if (options.seed_demo == SeedDemo::kYes) {
    if (Status seeded = seed(**store); !seeded) return std::move(seeded.error()).within("seeding the store");
  }
  auto loop = io::Loop::create();
  if (!loop) return std::move(loop.error());
  Process process(options, std::move(*store), std::move(*loop), std::move(*signals));
  MARTY_TRY(process.start());
  process.serve();
  return ok();
}

}  // namespace marty::petstore
