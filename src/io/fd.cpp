#include "io/fd.hpp"

#include <unistd.h>

#include <system_error>

namespace marty::io {

void Fd::reset() {
  // Linux frees the number even when close() is interrupted, so it must not be tried again.
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::string errno_text(int error_number) { return std::generic_category().message(error_number); }

Error os_error(const std::string& doing, int error_number, std::string next) {
  return {ErrorCode::kEnvironment, doing + ": " + errno_text(error_number), std::move(next)};
}

}  // namespace marty::io
