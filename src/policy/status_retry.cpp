#include "policy/status_retry.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "policy/backoff.hpp"

namespace marty::policy {
std::string StatusRetry::describe(const std::vector<Range>& ranges) {
  std::string text;
  for (const auto& range : ranges) {
    text += text.empty() ? "" : ",";
    text +=
        range.from == range.to ? fmt::format("{}", range.from) : fmt::format("{}-{}", range.from, range.to);
  }
  return text.empty() ? "no status" : text;
}

bool StatusRetry::retriable(const Config& config, int status) {
  return std::any_of(config.on->begin(), config.on->end(),
                     [&](const Range& range) { return status >= range.from && status <= range.to; });
}

Duration StatusRetry::backoff(std::uint32_t nth_retry, Rng& rng) {
  return exponential_backoff(25ms, 250ms, 1.0, nth_retry - 1, rng);
}

}  // namespace marty::policy
