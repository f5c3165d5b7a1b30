#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "telemetry/flags.hpp"

namespace marty::telemetry {

/// What one finished call leaves in the access log. Views are read during the call only; an empty one is
/// written as missing ("-", null in JSON).
struct AccessEntry {
  WallTime start;
  std::string_view method, path, protocol;  ///< path: as the client sent it, with query
  int status = 0;                           ///< 0: none was sent
  Flags flags;
  std::string_view details, termination_details, transport_failure;
  std::uint64_t bytes_received = 0, bytes_sent = 0;  ///< bodies
  Duration duration{};
  std::optional<Duration> upstream_time;  ///< value of x-envoy-upstream-service-time
  std::string_view forwarded_for, user_agent, request_id, authority;
  std::string_view upstream_host, upstream_cluster, upstream_local, downstream_local, downstream_remote;
  std::string_view server_name, route_name;
};

/// Istio's default TEXT format (istio.md 4.3), one line with its newline. Text from outside cannot break the
/// line: control characters, quotes and backslashes are escaped as \xHH, \" and \\.
void append_access_text(const AccessEntry&, std::string& out);
/// Istio's JSON encoding, one object per line. Bytes that are not UTF-8 become U+FFFD.
void append_access_json(const AccessEntry&, std::string& out);

/// "2026-11-22T15:42:58.159Z".
void append_utc(WallTime, std::string& out);

}  // namespace marty::telemetry
