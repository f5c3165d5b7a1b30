#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>

#include "cli/command.hpp"
#include "io/clock.hpp"

namespace {

/// Errno of the first failed write to standard output; a full disk must not look like success.
int output_errno = 0;

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      if (fd == STDOUT_FILENO && output_errno == 0) output_errno = errno;
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

marty::Result<std::string> read_stdin() {
  constexpr std::size_t kStdinBytesMax = std::size_t{64} << 20;
  std::string text;
  char block[65536];
  for (;;) {
    const auto got = ::read(STDIN_FILENO, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return marty::Error{
          marty::ErrorCode::kInput, fmt::format("standard input: {}", std::strerror(errno)), {}};
    if (got == 0) return text;
    text.append(block, static_cast<std::size_t>(got));
    if (text.size() > kStdinBytesMax)
      return marty::Error{marty::ErrorCode::kInput, "standard input has more than 64 MiB",
                          "pass a file or directory"};
  }
}

marty::cli::World this_machine() {
  marty::cli::World world;
  std::error_code gone;
  world.cwd = std::filesystem::current_path(gone).string();
  if (gone) world.cwd = "/";
  world.out = [](std::string_view text) { write_all(STDOUT_FILENO, text); };
  world.err = [](std::string_view text) { write_all(STDERR_FILENO, text); };
  world.read_stdin = read_stdin;
  world.env = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  world.today = [] { return marty::io::iso8601(marty::io::wall_now()).substr(0, 10); };
  world.terminal = {::isatty(STDIN_FILENO) == 1, ::isatty(STDOUT_FILENO) == 1, ::isatty(STDERR_FILENO) == 1};
  return world;
}

}  // namespace

int main(int argc, char** argv) {
  // A failed assertion has said what it is; the exit code is the same in every case of our own fault.
  std::signal(SIGABRT, [](int) { ::_exit(marty::cli::exit_code::kInternal); });
  auto world = this_machine();
  try {
    const int code = marty::cli::run(world, std::vector<std::string>(argv + (argc > 0), argv + argc));
    if (output_errno == 0 || output_errno == EPIPE) return code;
    world.err(fmt::format("marty: writing the output: {}\n", std::strerror(output_errno)));
    return marty::cli::exit_code::kEnvironment;
  } catch (const std::exception& error) {
    world.err(fmt::format("marty: internal error: {}\n", error.what()));
    return marty::cli::exit_code::kInternal;
  }
}
