#include "rules/answered_again.hpp"

#include <fmt/format.h>

#include "manifest/duration.hpp"

namespace marty::rules {

namespace {

/// Which of the statuses that can be errors a retry policy takes.
template <class Takes>
std::vector<policy::StatusRetry::Range> ranges(Takes&& takes) {
  std::vector<policy::StatusRetry::Range> out;
  for (std::uint16_t status = 400; status < 600; ++status) {
    if (!takes(status)) continue;
    if (out.empty() || out.back().to + 1 != status) out.push_back({status, status});
    out.back().to = status;
  }
  return out;
}

Origin first_known(Origin exact, Origin whole) { return exact.known() ? exact : whole; }

}  // namespace

std::string AnsweredAgain::text() const {
  if (never()) return "never sent again";
  auto out = retries ? fmt::format("sent again up to {} times", *retries)
                     : std::string("sent again as its budget allows");
  out += fmt::format(" after {}", policy::StatusRetry::describe(statuses));
  if (per_try) out += fmt::format(", {} for each try", manifest::print_duration(*per_try));
  return out;
}

AnsweredAgain answered_again(const engine::ProgramRoute& route) {
  AnsweredAgain out;
  out.origin = route.origin;
  if (route.retries && *route.retries->attempts > 0) {
    const auto& config = *route.retries;
    out.statuses = ranges([&](int status) { return policy::Retry::retriable(config, status, std::nullopt); });
    out.retries = *config.attempts;
    out.written = config.origin.known();
    using On = policy::Retry::On;
    out.connections = (*config.on & (On::k5xx | On::kReset | On::kConnectFailure | On::kRefusedStream)) != 0;
    if (config.per_try_timeout) out.per_try = **config.per_try_timeout;
    out.origin = first_known(config.attempts.origin, first_known(config.origin, route.origin));
  } else if (route.classes && *route.classes->retryable) {
    out.written = true;
    out.statuses = ranges([&](int status) { return route.classes->failed(status); });
    out.origin = first_known(route.classes->retryable.origin, route.origin);
  } else if (route.status_retries && *route.status_retries->limit > 0) {
    out.written = true;
    const auto& config = *route.status_retries;
    out.statuses = ranges([&](int status) { return policy::StatusRetry::retriable(config, status); });
    out.retries = *config.limit;
    if (config.header_timeout) out.per_try = **config.header_timeout;
    out.origin = first_known(config.limit.origin, first_known(config.on.origin, config.origin));
  }
  return out;
}

}  // namespace marty::rules
