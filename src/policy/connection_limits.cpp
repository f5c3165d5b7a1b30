#include "policy/connection_limits.hpp"

#include "core/assert.hpp"

namespace marty::policy {
namespace {

bool reached(std::uint32_t active, const Sourced<std::uint32_t>& limit) {
  return active >= (*limit == 0 ? ConnectionLimits::kUnlimited : *limit);
}

bool admit(std::uint32_t& active, const Sourced<std::uint32_t>& limit, std::uint64_t& overflow) {
  if (reached(active, limit)) {
    ++overflow;
    return false;
  }
  ++active;
  return true;
}

void release(std::uint32_t& active) {
  MARTY_ASSERT(active > 0);
  --active;
}

}  // namespace

bool ConnectionLimits::try_connect(const Config& config, std::uint32_t connections_to_endpoint) {
  if (admit(active_.connections, config.max_connections, overflows_.cx)) return true;
  // The overflow is counted, but an endpoint without any connection would starve behind the others.
  if (connections_to_endpoint > 0) return false;
  ++active_.connections;
  return true;
}
bool ConnectionLimits::try_enqueue(const Config& config) {
  return admit(active_.pending, config.max_pending_requests, overflows_.rq_pending);
}
bool ConnectionLimits::try_start(const Config& config) {
  return admit(active_.requests, config.max_requests, overflows_.rq_active);
}
bool ConnectionLimits::try_retry(const Config& config) {
  return admit(active_.retries, config.max_retries, overflows_.rq_retry);
}

void ConnectionLimits::disconnected() { release(active_.connections); }
void ConnectionLimits::dequeued() { release(active_.pending); }
void ConnectionLimits::finished() { release(active_.requests); }
void ConnectionLimits::retry_finished() { release(active_.retries); }

ConnectionLimits::Open ConnectionLimits::open(const Config& config) const {
  return {reached(active_.connections, config.max_connections),
          reached(active_.pending, config.max_pending_requests),
          reached(active_.requests, config.max_requests), reached(active_.retries, config.max_retries)};
}

}  // namespace marty::policy
