#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/origin.hpp"
#include "policy/gcra.hpp"

namespace marty::policy {

/// Requests per second to one server port, in all and for each client (Linkerd's HTTPLocalRateLimitPolicy,
/// linkerd.md 3.9). Counted by every pod for itself.
struct ClientRateLimit {
  struct Override {
    Sourced<std::uint32_t> rps;
    std::vector<std::string> identities;  ///< share one limiter; the per-identity limit is not for them
    Origin origin;
    friend bool operator==(const Override& a, const Override& b) {
      return a.rps == b.rps && a.identities == b.identities;
    }
  };
  std::string ns, name;
  std::optional<Sourced<std::uint32_t>> total, identity;
  std::vector<Override> overrides;
  Origin origin;
  friend bool operator==(const ClientRateLimit& a, const ClientRateLimit& b) {
    return a.ns == b.ns && a.name == b.name && a.total == b.total && a.identity == b.identity &&
           a.overrides == b.overrides;
  }
};

/// The machine of one ClientRateLimit. Unauthenticated clients are one client. Limiters of clients that came
/// once and no more than `kClientsMax` of them are kept.
class ClientRateLimiter {
 public:
  static constexpr std::size_t kClientsMax = 4096;
  enum class Scope : std::uint8_t { kPassed, kTotal, kIdentity, kOverride };
  struct Verdict {
    Scope refused_by = Scope::kPassed;
    std::uint32_t rps = 0;
    Duration until_next{};
    Origin origin;
  };

  explicit ClientRateLimiter(const ClientRateLimit& config);
  /// The total is charged first, even when the client's own limit then refuses.
  Verdict check(const ClientRateLimit& config, Instant now, std::string_view identity);

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  template <class T>
  using ByName = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

  Gcra& of_client(std::string_view identity);

  Gcra total_;
  std::vector<Gcra> overrides_;
  ByName<std::size_t> override_of_;
  ByName<Gcra> clients_;
};

}  // namespace marty::policy
