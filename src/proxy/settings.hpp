#pragma once

#include <cstddef>
#include <string>

#include "core/time.hpp"
#include "http/parser.hpp"

namespace marty::proxy {

/// Bounds of one sidecar. Sizes in bytes. What Envoy has a default for uses that (istio.md 2.4, 3).
struct Settings {
  /// An ingress: requests for a host that the program does not know are for this one ("pets.shop:8080").
  std::string fallback_authority;
  http::Limits parse;
  std::size_t replay_bytes_max =
      1 << 20;  ///< request body kept for another try; beyond it the call is not retried
  std::uint64_t body_bytes_max =
      1ull << 30;  ///< request body: 413 above it; memory is bounded by back-pressure anyway
  std::size_t unsent_bytes_max = 256 << 10;       ///< per connection, above it the other side is paused
  std::size_t connections_max = 100'000;          ///< downstream; above it new ones are closed at once
  Duration head_timeout = 10s;                    ///< first byte of a request to the end of its head: 408
  Duration body_timeout = 30s;                    ///< between two pieces of a request body: 408
  Duration stall_timeout = 60s;                   ///< a client that does not read its response: cut
  Duration idle_timeout = std::chrono::hours(1);  ///< downstream keep-alive (Envoy's default)
};

}  // namespace marty::proxy
