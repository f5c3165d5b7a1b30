#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/actor.hpp"
#include "core/rng.hpp"
#include "engine/program.hpp"
#include "http/parser.hpp"

namespace marty::proxy {

/// A request head as it goes upstream, kept for every try, with the places of what the logs need. Names are
/// lower case, as Envoy writes them; hop-by-hop fields and what only a trusted proxy may say are gone.
struct RequestHead {
  struct Span {
    std::uint32_t at = 0, size = 0;
  };
  std::string text;
  Span method, path, authority, user_agent, request_id, forwarded_for;

  std::string_view view(Span span) const { return std::string_view(text).substr(span.at, span.size); }
  void clear();
};

/// Writes `out` from a parsed head: the route's header edits (`route` may be null), x-request-id,
/// x-forwarded-proto, x-envoy-expected-rq-timeout-ms and, inbound over mTLS, the client's identity as
/// x-forwarded-client-cert (Envoy's APPEND_FORWARD). `path` is the normalised one. The end of head is left
/// open for the attempt count.
void rewrite_request(const http::RequestHead& head, std::string_view path, const engine::Program& program,
                     const engine::ProgramRoute* route, const Peer& peer, Rng& rng, RequestHead& out);

/// As linkerd2-proxy does it: nothing of Envoy's is added. Inbound, l5d-client-id is the caller's identity,
/// whatever the caller wrote there; what only proxies may tell each other is gone.
void rewrite_linkerd_request(const http::RequestHead& head, std::string_view path,
                             const engine::Program& program, const engine::ProgramRoute* route,
                             const Peer& peer, RequestHead& out);

}  // namespace marty::proxy
