#pragma once

#include <cstdint>
#include <unordered_map>

#include "engine/engine.hpp"

namespace marty::engine {

/// The metric series one finished call goes to.
struct Series {
  std::uint64_t* requests = nullptr;
  telemetry::Histogram *duration = nullptr, *request_bytes = nullptr, *response_bytes = nullptr;
  std::uint64_t *listener = nullptr, *listener_class = nullptr;     ///< nullptr: no such listener
  std::uint64_t *cluster_code = nullptr, *cluster_class = nullptr;  ///< nullptr: no cluster was reached
};

/// Makes them where they are not there yet.
Series series_of(telemetry::Registry&, const Program&, const Call&, const CallEnd&, const Self* peer);
/// What a certificate alone tells of a caller that no manifest names: namespace and account.
Self stranger(std::string_view spiffe_id);
/// "outbound_0.0.0.0_8080": a listener's name in Envoy's statistics.
std::string listener_name(const Program&, const VirtualHost&);

/// Finds the series of a call without spelling out its 25 labels each time: they follow from who was talked
/// to and how it ended.
class SeriesCache {
 public:
  const Series& find(telemetry::Registry&, const Program&, const Call&, const CallEnd&);

 private:
  struct Key {
    const void *where, *peer;  // endpoint, else cluster, else host
    std::uint32_t flags;
    std::uint16_t status;
    bool secure;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key&) const;
  };
  const Self* peer_of(const Call&, const CallEnd&);
  std::unordered_map<Key, Series, Hash> known_;
  TextMap<Self> strangers_;  // by SPIFFE ID: callers that no manifest names
};

}  // namespace marty::engine
