#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/engine.hpp"
#include "http/parser.hpp"

namespace marty::proxy {

enum class Connection : std::uint8_t { kKeepAlive, kClose };

/// What every response of this sidecar carries: `server` as Envoy names itself, `date` when the application
/// set none.
struct ResponseStamp {
  std::string_view server;
  std::string_view date;  ///< IMF-fixdate
};

/// Appends an upstream's response head as it goes downstream. A `framing` of kChunked
/// announces chunks; anything else leaves the upstream's own length in place.
void write_response(std::string& out, const http::ResponseHead& head, const ResponseStamp& stamp,
                    Duration upstream_time, const mesh::HeaderEdits* edits, http::BodyKind framing,
                    Connection connection);

/// Appends a whole local reply, header order as Envoy's (istio.md 3); `body` kNone leaves the body out
/// (HEAD).
void write_local_reply(std::string& out, const engine::LocalReply& reply, const ResponseStamp& stamp,
                       const mesh::HeaderEdits* edits, http::BodyKind body, Connection connection);

/// As linkerd2-proxy does it: the response as it came, without what a server's proxy tells only its peer.
void write_linkerd_response(std::string& out, const http::ResponseHead& head, const ResponseStamp& stamp,
                            const mesh::HeaderEdits* edits, http::BodyKind framing, Connection connection);
/// A server's proxy asks that the client's connection be closed too.
bool asks_to_close(const http::ResponseHead& head);
/// Appends an empty answer with its reason in l5d-proxy-error (linkerd.md 4).
void write_linkerd_reply(std::string& out, const engine::LocalReply& reply, const ResponseStamp& stamp,
                         Connection connection);

}  // namespace marty::proxy
