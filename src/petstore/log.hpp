#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace marty::petstore {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
std::string_view to_string(LogLevel);

/// One answered request; no bodies, no query. Path and request id are cut to 512 and 128 bytes in the log.
struct RequestRecord {
  std::string_view method, path, route, request_id, remote;
  int status = 0;
  Duration took{0};
};

/// Writes one JSON object per line to `write`, which gets whole lines. Text that is not UTF-8 is repaired.
class Log {
 public:
  using Write = std::function<void(std::string_view line)>;
  using WallClock = std::function<std::string()>;  ///< the time as the log shall show it
  Log(LogLevel level, Write write, WallClock clock, std::string version_label)
      : level_(level),
        write_(std::move(write)),
        clock_(std::move(clock)),
        version_label_(std::move(version_label)) {}

  void request(const RequestRecord&) const;
  void say(LogLevel, std::string_view message, std::string_view detail = {}) const;

 private:
  LogLevel level_;
  Write write_;
  WallClock clock_;
  std::string version_label_;
};

}  // namespace marty::petstore
