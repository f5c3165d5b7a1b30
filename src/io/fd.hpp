#pragma once

#include <string>
#include <utility>

#include "core/result.hpp"

namespace marty::io {

/// Owns one file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void reset();
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// "No such file or directory" for an errno value. Thread-safe.
std::string errno_text(int error_number);
/// Error of the environment: "<doing>: <errno text>".
Error os_error(const std::string& doing, int error_number, std::string next = {});

}  // namespace marty::io
