#include "proxy/response_head.hpp"

#include <algorithm>

#include "http/writer.hpp"
#include "proxy/field_class.hpp"
#include "proxy/header_edits.hpp"

namespace marty::proxy {
void write_response(std::string& out, const http::ResponseHead& head, const ResponseStamp& stamp,
                    Duration upstream_time, const mesh::HeaderEdits* edits, http::BodyKind framing,
                    Connection connection) {
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
    if (field == FieldClass::kHopByHop || field == FieldClass::kServer || field == FieldClass::kServiceTime ||
        edited(edits, name) || (!named.empty() && http::is_hop_by_hop(name, named))) {
      out.resize(start);
    }
  }
  if (!has_date) http::write_header(out, "date", stamp.date);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(upstream_time).count();
  http::write_header(out, "x-envoy-upstream-service-time",
                     static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0)));
  http::write_header(out, "server", stamp.server);
  append_edits(out, edits);
  if (framing == http::BodyKind::kChunked) out += "transfer-encoding: chunked\r\n";
  if (connection == Connection::kClose) out += "connection: close\r\n";
  http::write_end_of_head(out);
}

void write_local_reply(std::string& out, const engine::LocalReply& reply, const ResponseStamp& stamp,
                       const mesh::HeaderEdits* edits, http::BodyKind body, Connection connection) {
  http::write_status_line(out, reply.status);
  for (const auto& [name, value] : reply.headers) http::write_header(out, name, value);
  if (reply.overloaded) out += "x-envoy-overloaded: true\r\n";
  if (!reply.location.empty()) http::write_header(out, "location", reply.location);
  // Envoy puts the length of an empty answer last.
  if (!reply.body.empty()) {
    http::write_header(out, "content-length", reply.body.size());
    out += "content-type: text/plain\r\n";
  }
  http::write_header(out, "date", stamp.date);
  http::write_header(out, "server", stamp.server);
  if (reply.body.empty()) out += "content-length: 0\r\n";
  append_edits(out, edits);
  if (connection == Connection::kClose) out += "connection: close\r\n";
  http::write_end_of_head(out);
  if (body != http::BodyKind::kNone) out += reply.body;
}

}  // namespace marty::proxy
