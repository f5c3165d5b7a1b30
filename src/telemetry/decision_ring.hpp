#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "telemetry/flags.hpp"
#include "telemetry/trace.hpp"

namespace marty::telemetry {

/// Text cut to a fixed size; a cut one ends in "..".
template <std::size_t N>
class FixedText {
 public:
  void assign(std::string_view text) {
    size_ = static_cast<std::uint16_t>(text.size() < N ? text.size() : N);
    text.copy(text_.data(), size_);
    if (text.size() > N) text_[N - 1] = text_[N - 2] = '.';
  }
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, N> text_;
  std::uint16_t size_ = 0;
};

/// One finished call.
struct Decision {
  std::uint64_t number = 0;  ///< counts from 1 over the life of the ring
  WallTime finished;
  std::uint64_t generation = 0;  ///< of the program whose indices and origins the trace uses
  int status = 0;                ///< 0: none was sent
  Flags flags;
  FixedText<16> method;
  FixedText<160> path;
  FixedText<128> peer;  ///< SPIFFE URI the caller proved, empty when it proved none
  Trace trace;
};

/// The last calls of one sidecar. Memory is bounded by the capacity and touched only as calls come in; no
/// allocation after construction.
class DecisionRing {
 public:
  explicit DecisionRing(std::size_t capacity = 128);

  void record(WallTime finished, std::string_view method, std::string_view path, int status, Flags,
              std::uint64_t generation, const Trace&, std::string_view peer = {});

  std::size_t size() const { return kept_.size(); }
  /// How many calls were ever recorded.
  std::uint64_t recorded() const { return recorded_; }
  /// 0: the newest. `back` below size().
  const Decision& newest(std::size_t back = 0) const;
  /// By number; nullptr when it is gone or not there yet.
  const Decision* find(std::uint64_t number) const;

 private:
  std::vector<Decision> kept_;
  std::size_t capacity_;
  std::uint64_t recorded_ = 0;
};

}  // namespace marty::telemetry
