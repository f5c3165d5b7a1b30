#pragma once

#include <string>
#include <utility>
#include <variant>

#include "core/assert.hpp"

namespace marty {

/// What kind of thing went wrong outside of us; decides the exit code.
enum class ErrorCode {
  kInput,        ///< a file of the user's is missing, unreadable or wrong (exit 3)
  kEnvironment,  ///< the machine or cluster lacks something (exit 4)
  kInterrupted,  ///< the user asked us to stop (exit 130)
};

/// The world failed: what happened, and in `next` what the user can type or change.
struct Error {
  ErrorCode code = ErrorCode::kEnvironment;
  std::string text;
  std::string next;

  /// Prepends what we were doing: "reading local.yaml: permission denied".
  Error within(const std::string& doing) && {
    text = doing + ": " + text;
    return std::move(*this);
  }
};

/// A value or an Error. Reading the value of a failed result is a bug and aborts.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::move(value)) {}
  Result(Error error) : held_(std::move(error)) {}

  explicit operator bool() const { return held_.index() == 0; }
  T& operator*() { return value(); }
  const T& operator*() const { return const_cast<Result*>(this)->value(); }
  T* operator->() { return &value(); }
  Error& error() {
    MARTY_ASSERT(held_.index() == 1);
    return std::get<1>(held_);
  }

 private:
  T& value() {
    MARTY_ASSERT(held_.index() == 0);
    return std::get<0>(held_);
  }
  std::variant<T, Error> held_;
};

struct Unit {};
using Status = Result<Unit>;
inline Status ok() { return Unit{}; }

}  // namespace marty

/// Evaluates a Result; on failure returns its error from the enclosing function.
#define MARTY_TRY(expression)                                                                       \
  do {                                                                                              \
    if (auto marty_result_ = (expression); !marty_result_) return std::move(marty_result_.error()); \
  } while (false)
