#include "policy/retry.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace marty::policy {
namespace {

struct Word {
  std::string_view name;
  std::uint32_t bits;
};

// Istio's allowed words; this order is the canonical one. http3-post-connect-failure is accepted and has no
// effect: nothing here speaks HTTP/3.
constexpr Word kWords[] = {
    {"5xx", Retry::k5xx},
    {"gateway-error", Retry::kGatewayError},
    {"reset", Retry::kReset},
    {"reset-before-request", Retry::kResetBeforeRequest},
    {"connect-failure", Retry::kConnectFailure},
    {"envoy-ratelimited", Retry::kEnvoyRateLimited},
    {"retriable-4xx", Retry::kRetriable4xx},
    {"refused-stream", Retry::kRefusedStream},
    {"retriable-headers", Retry::kRetriableHeaders},
    {"cancelled", Retry::kCancelled},
    {"deadline-exceeded", Retry::kDeadlineExceeded},
    {"internal", Retry::kInternal},
    {"resource-exhausted", Retry::kResourceExhausted},
    {"unavailable", Retry::kUnavailable},
    {"http3-post-connect-failure", 0},
    {"retriable-status-codes", Retry::kRetriableStatusCodes},
};

/// The word that covers a grpc-status, 0 when none does.
std::uint32_t grpc_bit(int status) {
  switch (status) {
    case 1:
      return Retry::kCancelled;
    case 4:
      return Retry::kDeadlineExceeded;
    case 8:
      return Retry::kResourceExhausted;
    case 13:
      return Retry::kInternal;
    case 14:
      return Retry::kUnavailable;
    default:
      return 0;
  }
}

}  // namespace

std::optional<std::uint32_t> Retry::word(std::string_view name) {
  for (const auto& known : kWords)
    if (known.name == name) return known.bits;
  return {};
}

std::vector<std::string_view> Retry::words() {
  std::vector<std::string_view> names;
  for (const auto& known : kWords) names.push_back(known.name);
  return names;
}

std::string Retry::describe(const Config& config) {
  std::string text;
  const auto append = [&](std::string_view part) {
    if (!text.empty()) text += ',';
    text += part;
  };
  for (const auto& known : kWords) {
    // Codes imply the word that makes them count.
    if (known.bits == kRetriableStatusCodes && !config.status_codes.empty()) continue;
    if (*config.on & known.bits) append(known.name);
  }
  for (const auto& code : config.status_codes) append(fmt::format("{}", *code));
  return text;
}

bool Retry::retriable(const Config& config, int status, std::optional<int> grpc_status) {
  if (*config.attempts == 0) return false;
  const std::uint32_t on = *config.on;
  if ((on & k5xx) && status >= 500 && status <= 599) return true;
  if ((on & kGatewayError) && status >= 502 && status <= 504) return true;
  if ((on & kRetriable4xx) && status == 409) return true;
  if ((on & kRetriableStatusCodes) && std::any_of(config.status_codes.begin(), config.status_codes.end(),
                                                  [&](const auto& code) { return *code == status; }))
    return true;
  return grpc_status && (on & grpc_bit(*grpc_status)) != 0;
}

bool Retry::retriable(const Config& config, TryFailure failure) {
  if (*config.attempts == 0) return false;
  const std::uint32_t any_failure = k5xx | kGatewayError | kReset;
  switch (failure) {
    case TryFailure::kConnectFailure:
    case TryFailure::kConnectTimeout:
    case TryFailure::kTlsFailure:
      return *config.on & (any_failure | kResetBeforeRequest | kConnectFailure);
    case TryFailure::kResetBeforeRequest:
      return *config.on & (any_failure | kResetBeforeRequest);
    case TryFailure::kReset:
    case TryFailure::kPerTryTimeout:
    case TryFailure::kProtocolError:
      return *config.on & any_failure;
  }
  return false;
}

Duration Retry::backoff(const Config& config, std::uint32_t nth_retry, Rng& rng) {
  const std::int64_t base = std::max<std::int64_t>(config.backoff_base->count(), 0);
  constexpr std::int64_t kFactorMax = 10;
  const auto ceiling = base > INT64_MAX / kFactorMax ? INT64_MAX : base * kFactorMax;
  const std::int64_t factor = nth_retry > 4 ? kFactorMax : std::int64_t{1} << (nth_retry ? nth_retry - 1 : 0);
  const auto bound = factor == kFactorMax || base > ceiling / factor ? ceiling : base * factor;
  return Duration{static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(bound)))};
}

}  // namespace marty::policy
