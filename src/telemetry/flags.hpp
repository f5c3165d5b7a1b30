#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

namespace marty::telemetry {

/// Envoy's response flags (istio.md 3). Envoy joins them in the order in which they were set; the enumerators
/// stand in the order in which a call can meet them, so the bit set gives the same text ("DI,FI", "URX,UF").
enum class Flag : std::uint8_t {
  kDownstreamProtocolError,          ///< DPE
  kDelayInjected,                    ///< DI
  kFaultInjected,                    ///< FI
  kRateLimited,                      ///< RL
  kUnauthorizedExternal,             ///< UAEX
  kRateLimitServiceError,            ///< RLSE
  kNoRoute,                          ///< NR
  kNoCluster,                        ///< NC
  kRetriesExhausted,                 ///< URX
  kUpstreamOverflow,                 ///< UO
  kNoHealthyUpstream,                ///< UH
  kUpstreamConnectionFailure,        ///< UF
  kUpstreamConnectionTermination,    ///< UC
  kUpstreamRemoteReset,              ///< UR
  kUpstreamProtocolError,            ///< UPE
  kUpstreamTimeout,                  ///< UT
  kLocalReset,                       ///< LR
  kUpstreamMaxDuration,              ///< UMSDR
  kStreamIdleTimeout,                ///< SI
  kDurationTimeout,                  ///< DT
  kOverloadManager,                  ///< OM
  kDownstreamConnectionTermination,  ///< DC
  kDownstreamRemoteReset,            ///< DR
};

inline constexpr std::array<std::string_view, 23> kFlagLetters{
    "DPE", "DI", "FI",  "RL", "UAEX", "RLSE",  "NR", "NC", "URX", "UO", "UH", "UF",
    "UC",  "UR", "UPE", "UT", "LR",   "UMSDR", "SI", "DT", "OM",  "DC", "DR"};

class Flags {
 public:
  constexpr void set(Flag flag) { bits_ |= 1u << static_cast<unsigned>(flag); }
  constexpr void clear(Flag flag) { bits_ &= ~(1u << static_cast<unsigned>(flag)); }
  constexpr bool has(Flag flag) const { return (bits_ >> static_cast<unsigned>(flag) & 1u) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr std::uint32_t bits() const { return bits_; }
  friend constexpr bool operator==(Flags, Flags) = default;

 private:
  std::uint32_t bits_ = 0;
};
static_assert(static_cast<std::size_t>(Flag::kDownstreamRemoteReset) + 1 == kFlagLetters.size());

/// The letters joined by commas, "-" when there is none. Keeps the text itself, so it allocates nothing; the
/// view lives as long as this object.
class FlagsText {
 public:
  explicit constexpr FlagsText(Flags flags) {
    for (auto rest = flags.bits(); rest != 0; rest &= rest - 1) {
      if (size_ != 0) text_[size_++] = ',';
      for (const char c : kFlagLetters[static_cast<std::size_t>(std::countr_zero(rest))]) text_[size_++] = c;
    }
    if (size_ == 0) text_[size_++] = '-';
  }
  constexpr std::string_view view() const { return {text_.data(), size_}; }
  constexpr operator std::string_view() const& { return view(); }
  operator std::string_view() && = delete;  ///< the text would be gone by the end of the statement

 private:
  std::array<char, kFlagLetters.size() * 6> text_{};
  std::size_t size_ = 0;
};

}  // namespace marty::telemetry
