#include <algorithm>

#include "http/writer.hpp"
#include "proxy/field_class.hpp"
#include "proxy/header_edits.hpp"
#include "proxy/request_head.hpp"
#include "proxy/response_head.hpp"

/// Message heads as linkerd2-proxy writes them. Between our sidecars they stay HTTP/1.1: there is no upgrade
/// to HTTP/2 and so no l5d-orig-proto.
namespace marty::proxy {
namespace {

constexpr std::string_view kError = "l5d-proxy-error", kConnection = "l5d-proxy-connection",
                           kClientId = "l5d-client-id";

RequestHead::Span append(std::string& out, std::string_view text) {
  const auto at = static_cast<std::uint32_t>(out.size());
  out += text;
  return {at, static_cast<std::uint32_t>(text.size())};
}

/// Fields of which only a proxy may be the author, or the reader.
bool is_private(std::string_view name) {
  return name.starts_with("l5d-") &&
         (name == kClientId || name == kError || name == kConnection || name == "l5d-require-id" ||
          name == "l5d-dst-override" || name == "l5d-orig-proto" || name == "l5d-dst-canonical");
}

bool ends_here(FieldClass field) {
  return field == FieldClass::kHopByHop || field == FieldClass::kHost || field == FieldClass::kExpect;
}

}  // namespace

void rewrite_linkerd_request(const http::RequestHead& head, std::string_view path,
                             const engine::Program& program, const engine::ProgramRoute* route,
                             const Peer& peer, RequestHead& out) {
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
  for (const Header& header : head.headers) {
    const auto start = append_lower(text, header.name);
    const std::string_view name = std::string_view(text).substr(start);
    const FieldClass field = classify(name);
    if (ends_here(field) || is_private(name) || edited(edits, name) ||
        (!named.empty() && http::is_hop_by_hop(name, named))) {
      text.resize(start);
      continue;
    }
    text += ": ";
    const auto value = append(text, header.value);
    text += "\r\n";
    if (field == FieldClass::kUserAgent) out.user_agent = value;
    if (field == FieldClass::kRequestId) out.request_id = value;
    if (field == FieldClass::kForwardedFor) out.forwarded_for = value;
  }
  if (head.body == http::BodyKind::kChunked) text += "transfer-encoding: chunked\r\n";
  if (program.direction == engine::Direction::kInbound && !peer.identity.empty())
    http::write_header(text, kClientId, policy::ProxyIdentity(peer.identity).view());
  append_edits(text, edits);
}

bool asks_to_close(const http::ResponseHead& head) {
  const Header* field = head.headers.find(kConnection);
  return field != nullptr && http::equals_ignoring_case(field->value, "close");
}

void write_linkerd_response(std::string& out, const http::ResponseHead& head, const ResponseStamp& stamp,
                            const mesh::HeaderEdits* edits, http::BodyKind framing, Connection connection) {
  http::write_status_line(out, head.status);
  const Header* named_by = head.headers.find("connection");
  const std::string_view named = named_by != nullptr && names_fields(named_by->value) ? named_by->value : "";
  bool has_date = false;
  for (const Header& header : head.headers) {
    const auto start = append_lower(out, header.name);
    out.append(": ").append(header.value).append("\r\n");
    const std::string_view name = std::string_view(out).substr(start, header.name.size());
    const FieldClass field = classify(name);
    has_date |= field == FieldClass::kDate;
    if (field == FieldClass::kHopByHop || name == kError || name == kConnection || edited(edits, name) ||
        (!named.empty() && http::is_hop_by_hop(name, named)))
      out.resize(start);
  }
  append_edits(out, edits);
  if (framing == http::BodyKind::kChunked) out += "transfer-encoding: chunked\r\n";
  if (connection == Connection::kClose) out += "connection: close\r\n";
  if (!has_date) http::write_header(out, "date", stamp.date);
  http::write_end_of_head(out);
}

void write_linkerd_reply(std::string& out, const engine::LocalReply& reply, const ResponseStamp& stamp,
                         Connection connection) {
  http::write_status_line(out, reply.status);
  out += "content-length: 0\r\n";
  if (!reply.location.empty()) http::write_header(out, "location", reply.location);
  if (!reply.proxy_error.empty()) http::write_header(out, kError, reply.proxy_error);
  if (connection == Connection::kClose) out += "connection: close\r\n";
  if (reply.close) out += "l5d-proxy-connection: close\r\n";
  http::write_header(out, "date", stamp.date);
  http::write_end_of_head(out);
}

}  // namespace marty::proxy
