#include "io/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

extern char** environ;

namespace marty::io {
namespace {

/// What the child failed at before exec, sent to us through a pipe.
struct Failure {
  enum Step { kNone, kDirectory, kOutput, kErrorOutput, kInput, kProgram } step = kNone;
  int error_number = 0;
};

/// Everything the child needs, laid out before fork: after it only async-signal-safe calls are allowed.
struct Launch {
  const ProcessSpec& spec;
  std::vector<std::string> env_text;
  std::vector<char*> argv, env;
  pid_t parent = ::getpid();

  explicit Launch(const ProcessSpec& of) : spec(of) {
    for (char** entry = environ; *entry != nullptr; ++entry) {
      const std::string_view text(*entry);
      const std::string_view name = text.substr(0, text.find('='));
      bool replaced = false;
      for (const auto& [added, value] : spec.env) replaced = replaced || added == name;
      if (!replaced) env_text.emplace_back(text);
    }
    for (const auto& [name, value] : spec.env) env_text.push_back(name + "=" + value);
    for (auto& text : env_text) env.push_back(text.data());
    env.push_back(nullptr);
    for (const auto& argument : spec.argv) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
  }
};

/// False with errno set when the path cannot be opened.
bool redirect(const char* path, int flags, int to) {
  const int fd = ::open(path, flags | O_CLOEXEC | O_NOCTTY, 0644);
  return fd >= 0 && ::dup2(fd, to) >= 0;
}

Failure become(const Launch& launch) {
  const ProcessSpec& spec = launch.spec;
  constexpr int kAppend = O_WRONLY | O_CREAT | O_APPEND;
  if (!spec.directory.empty() && ::chdir(spec.directory.c_str()) != 0) return {Failure::kDirectory, errno};
  if (!spec.output_file.empty() && !redirect(spec.output_file.c_str(), kAppend, STDOUT_FILENO)) {
    return {Failure::kOutput, errno};
  }
  if (!spec.error_file.empty() && !redirect(spec.error_file.c_str(), kAppend, STDERR_FILENO)) {
    return {Failure::kErrorOutput, errno};
  }
  if (spec.output_fd >= 0 && ::dup2(spec.output_fd, STDOUT_FILENO) < 0) return {Failure::kOutput, errno};
  if (spec.error_fd >= 0 && ::dup2(spec.error_fd, STDERR_FILENO) < 0) return {Failure::kErrorOutput, errno};
  if (spec.input_fd >= 0) {
    if (::dup2(spec.input_fd, STDIN_FILENO) < 0) return {Failure::kInput, errno};
  } else if (spec.input == ProcessSpec::Input::kNull && !redirect("/dev/null", O_RDONLY, STDIN_FILENO)) {
    return {Failure::kInput, errno};
  }
  ::execvpe(launch.argv[0], launch.argv.data(), launch.env.data());
  return {Failure::kProgram, errno};
}

void forget_our_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void run_child(const Launch& launch, int report) {
  if (launch.spec.group == ProcessSpec::Group::kOwn) ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launch.parent) ::_exit(127);  // the parent died before the kernel knew our wish
  forget_our_signals();
  const Failure failure = become(launch);
  [[maybe_unused]] const ssize_t written = ::write(report, &failure, sizeof failure);
  ::_exit(127);
}

Error start_failed(const ProcessSpec& spec, const Failure& failure) {
  const std::string doing = "starting " + spec.argv[0];
  const std::string cause = errno_text(failure.error_number);
  switch (failure.step) {
    case Failure::kDirectory:
      return {ErrorCode::kInput, fmt::format("{}: directory {}: {}", doing, spec.directory, cause), {}};
    case Failure::kOutput:
      return {
          ErrorCode::kEnvironment, fmt::format("{}: output file {}: {}", doing, spec.output_file, cause), {}};
    case Failure::kErrorOutput:
      return {
          ErrorCode::kEnvironment, fmt::format("{}: output file {}: {}", doing, spec.error_file, cause), {}};
    default:
      break;
  }
  return {ErrorCode::kInput, fmt::format("{}: {}", doing, cause),
          "check the command: is it installed, in PATH and executable?"};
}

}  // namespace

Result<std::unique_ptr<Process>> Process::spawn(Loop& loop, const ProcessSpec& spec, Exited exited) {
  if (spec.argv.empty() || spec.argv[0].empty())
    return Error{ErrorCode::kInput, "there is no command to start", {}};
  const Launch launch(spec);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return os_error("starting " + spec.argv[0], errno);
  const Fd report(ends[0]);
  Fd child_report(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return os_error("starting " + spec.argv[0], errno);
  if (pid == 0) run_child(launch, child_report.get());
  child_report.reset();

  Failure failure;
  ssize_t n = 0;
  while ((n = ::read(report.get(), &failure, sizeof failure)) < 0 && errno == EINTR) {
  }
  Fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));  // close-on-exec by itself
  if (n > 0 || !pidfd) {
    const int error_number = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return n > 0 ? start_failed(spec, failure) : os_error("following " + spec.argv[0], error_number);
  }
  std::unique_ptr<Process> process(new Process(loop, pid, spec.group, std::move(pidfd), std::move(exited)));
  auto watch = loop.watch(process->pidfd_.get(), EPOLLIN,
                          [raw = process.get()](std::uint32_t) { raw->reap(raw->loop_.now()); });
  if (!watch) return std::move(watch.error());
  process->watch_ = *watch;
  return process;
}

Process::Process(Loop& loop, pid_t pid, ProcessSpec::Group group, Fd pidfd, Exited exited)
    : loop_(loop),
      pid_(pid),
      group_(group),
      pidfd_(std::move(pidfd)),
      exited_(std::move(exited)),
      kill_([this](Instant) { signal(SIGKILL); }) {}

Process::~Process() {
  exited_ = nullptr;
  if (!running_) return;
  signal(SIGKILL);
  reap(loop_.now());
}

void Process::signal(int number) const {
  if (!running_) return;
  // Until it is reaped the number cannot be used again, so this never hits a stranger.
  ::kill(group_ == ProcessSpec::Group::kOwn ? -pid_ : pid_, number);
}

void Process::terminate(Duration grace) {
  signal(SIGTERM);
  if (running_ && kill_.slot == 0) loop_.arm(kill_, loop_.now() + grace);
}

void Process::reap(Instant now) {
  siginfo_t info{};
  // First look, so that the group still exists when the rest of it is killed; then let the number go.
  ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  if (group_ == ProcessSpec::Group::kOwn) signal(SIGKILL);
  while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED) < 0 && errno == EINTR) {
  }
  running_ = false;
  loop_.disarm(kill_);
  loop_.unwatch(pidfd_.get(), watch_);
  const bool exited = info.si_code == CLD_EXITED;
  const ExitStatus status{exited ? info.si_status : 128 + info.si_status, exited ? 0 : info.si_status};
  if (const Exited tell = std::move(exited_)) tell(now, status);
}

}  // namespace marty::io
