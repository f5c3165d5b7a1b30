#include "proxy/request_head.hpp"

#include <algorithm>

#include "http/writer.hpp"
#include "proxy/field_class.hpp"
#include "proxy/header_edits.hpp"

namespace marty::proxy {
namespace {

RequestHead::Span append(std::string& out, std::string_view text) {
  const auto at = static_cast<std::uint32_t>(out.size());
  out += text;
  return {at, static_cast<std::uint32_t>(text.size())};
}

/// A version 4 UUID whose 15th digit says "not sampled", as Envoy marks its request ids.
RequestHead::Span append_request_id(std::string& out, Rng& rng) {
  static constexpr char kHex[] = "0123456789abcdef";
  char id[36];
  std::uint64_t bits = 0;
  for (int i = 0, left = 0; i < 36; ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      id[i] = '-';
      continue;
    }
    if (left == 0) bits = rng.next(), left = 16;
    id[i] = kHex[bits & 15];
    bits >>= 4, --left;
  }
  id[14] = '4';
  id[19] = kHex[8 + (bits & 3)];
  return append(out, std::string_view(id, sizeof id));
}

/// The identity the server's sidecar vouches for; what an earlier hop said stays in front.
void append_client_cert(std::string& out, const Peer& peer, const Header* earlier) {
  out += "x-forwarded-client-cert: ";
  if (earlier != nullptr) out.append(earlier->value).append(",");
  out.append("By=").append(peer.own_identity).append(";Hash=").append(peer.cert_sha256);
  out.append(";Subject=\"\";URI=").append(peer.identity).append("\r\n");
}

/// The time the caller grants: the smaller of the route's and the try's, for the application to see.
void append_expected_timeout(std::string& out, const engine::ProgramRoute* route) {
  if (route == nullptr) return;
  Duration granted = route->timeout.value;
  if (route->retries && route->retries->per_try_timeout) {
    const Duration per_try = route->retries->per_try_timeout->value;
    granted = granted.count() == 0 ? per_try : std::min(granted, per_try);
  }
  if (granted.count() == 0) return;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(granted).count();
  http::write_header(out, "x-envoy-expected-rq-timeout-ms", static_cast<std::uint64_t>(ms));
}

}  // namespace

void RequestHead::clear() {
  text.clear();
  method = path = authority = user_agent = request_id = forwarded_for = {};
}

void rewrite_request(const http::RequestHead& head, std::string_view path, const engine::Program& program,
                     const engine::ProgramRoute* route, const Peer& peer, Rng& rng, RequestHead& out) {
  out.clear();
  std::string& text = out.text;
  out.method = append(text, head.method);
  text += ' ';
  out.path = append(text, path);
  text += " HTTP/1.1\r\nhost: ";
  out.authority = append(text, head.authority);
  text += "\r\n";

  const Header* connection = head.headers.find("connection");
  const std::string_view named =
      connection != nullptr && names_fields(connection->value) ? connection->value : "";
  const mesh::HeaderEdits* edits = route != nullptr ? &route->request_headers : nullptr;
  const Header* client_cert = nullptr;
  bool has_proto = false;
  for (const Header& header : head.headers) {
    const auto start = append_lower(text, header.name);
    const std::string_view name = std::string_view(text).substr(start);
    const FieldClass field = classify(name);
    if (field == FieldClass::kClientCert) client_cert = &header;
    const bool dropped = field == FieldClass::kHopByHop || field == FieldClass::kHost ||
                         field == FieldClass::kExpect || field == FieldClass::kClientCert ||
                         field == FieldClass::kEnvoyControl || field == FieldClass::kAttemptCount ||
                         edited(edits, name) || (!named.empty() && http::is_hop_by_hop(name, named));
    if (dropped) {
      text.resize(start);
      continue;
    }
    text += ": ";
    const auto value = append(text, header.value);
    text += "\r\n";
    if (field == FieldClass::kUserAgent) out.user_agent = value;
    if (field == FieldClass::kRequestId) out.request_id = value;
    if (field == FieldClass::kForwardedFor) out.forwarded_for = value;
    has_proto |= field == FieldClass::kForwardedProto;
  }
  if (head.body == http::BodyKind::kChunked) text += "transfer-encoding: chunked\r\n";
  if (!has_proto) text += "x-forwarded-proto: http\r\n";
  if (out.request_id.size == 0) {
    text += "x-request-id: ";
    out.request_id = append_request_id(text, rng);
    text += "\r\n";
  }
  if (program.direction == engine::Direction::kInbound) {
    // Over plaintext nobody vouches for the field, so a client's own is dropped (istio.md 2.11).
    if (peer.tls) append_client_cert(text, peer, client_cert);
  } else {
    append_expected_timeout(text, route);
  }
  append_edits(text, edits);
}

}  // namespace marty::proxy
