#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/diagnostic.hpp"
#include "core/result.hpp"

namespace marty::cli {

/// What a command may touch besides the files it is told to read: an argument, so that tests run commands in
/// process. Commands print data with `out` and talk with `err`.
struct World {
  std::string cwd;  ///< absolute; the process's working directory
  std::function<void(std::string_view)> out, err;
  std::function<Result<std::string>()> read_stdin;
  std::function<std::string(const char* name)> env;  ///< empty when unset
  std::function<std::string()> today;                ///< UTC, "2027-01-31"
  struct Terminals {
    bool in = false, out = false, err = false;
  } terminal;
  Color color = Color::kNo;  ///< for `out`, decided from --color, NO_COLOR, CLICOLOR_FORCE and the terminal

  /// The path to open for one of the user's.
  std::string resolve(const std::string& path) const;
  /// The path to show: relative when it lies below the working directory.
  std::string shown(const std::string& path) const;
};

/// The exit codes of every command in every output format.
namespace exit_code {
constexpr int kClean = 0;
constexpr int kFindings = 1;     ///< findings, failed checks, drift, a request that is refused
constexpr int kUsage = 2;        ///< the command line is wrong
constexpr int kInput = 3;        ///< a file is missing, unreadable or incomplete, or nothing was checked
constexpr int kEnvironment = 4;  ///< the machine or the cluster lacks something
constexpr int kInternal = 5;     ///< our bug
constexpr int kInterrupted = 130;
}  // namespace exit_code

/// Says what failed and the way out on `err`; returns the exit code.
int fail(const World&, const Error&);
/// "marty: …" on `err`, exit code 2.
int usage_error(const World&, std::string_view problem);

}  // namespace marty::cli
