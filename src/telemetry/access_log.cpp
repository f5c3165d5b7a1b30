#include "telemetry/access_log.hpp"

#include <algorithm>
#include <charconv>

#include "telemetry/utf8.hpp"

namespace marty::telemetry {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

void append_number(std::uint64_t value, std::string& out) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

std::uint64_t whole_ms(Duration duration) {
  return duration.count() > 0 ? static_cast<std::uint64_t>(duration.count() / 1'000'000) : 0;
}

void append_padded(std::int64_t value, int width, std::string& out) {
  char digits[8];
  for (int i = width; i-- > 0; value /= 10) digits[i] = static_cast<char>('0' + value % 10);
  out.append(digits, static_cast<std::size_t>(width));
}

/// Length of the printable ASCII without quote and backslash at the front: copied as it is by both formats.
std::size_t plain_prefix(std::string_view text) {
  const auto odd = std::find_if(text.begin(), text.end(),
                                [](char c) { return c < ' ' || c == '"' || c == '\\' || c == '\x7f'; });
  return static_cast<std::size_t>(odd - text.begin());
}

/// A value of the text format: what cannot be told from the format itself is escaped.
void append_plain(std::string_view value, std::string& out) {
  if (value.empty()) out += '-';
  while (!value.empty()) {
    const auto plain = plain_prefix(value);
    out += value.substr(0, plain);
    value.remove_prefix(plain);
    if (value.empty()) return;
    const auto byte = static_cast<unsigned char>(value.front());
    if (byte < 0x20 || byte == 0x7f) {
      out += {'\\', 'x', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
    } else {
      if (byte < 0x80) out += '\\';
      out += value.front();
    }
    value.remove_prefix(1);
  }
}

void append_quoted(std::string_view value, std::string& out) {
  out += '"';
  append_plain(value, out);
  out += '"';
}

/// The members of one JSON object, in order of the calls.
class JsonLine {
 public:
  explicit JsonLine(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += "}\n"; }

  void number(std::string_view key, std::uint64_t value) {
    name(key);
    append_number(value, out_);
  }
  void text(std::string_view key, std::string_view value) {
    name(key);
    if (value.empty()) {
      out_ += "null";
      return;
    }
    string(value);
  }
  void time(std::string_view key, WallTime value) {
    name(key);
    out_ += '"';
    append_utc(value, out_);
    out_ += '"';
  }

 private:
  void name(std::string_view key) {
    if (out_.back() != '{') out_ += ',';
    out_ += '"';
    out_ += key;
    out_ += "\":";
  }
  void string(std::string_view value) {
    out_ += '"';
    for (;;) {
      const auto plain = plain_prefix(value);
      out_ += value.substr(0, plain);
      value.remove_prefix(plain);
      if (value.empty()) break;
      const auto length = utf8_length(value);
      const auto byte = static_cast<unsigned char>(value.front());
      if (length == 0) {
        out_ += kReplacementCharacter;
      } else if (byte < 0x20) {
        out_ += {'\\', 'u', '0', '0', kHexDigits[byte >> 4], kHexDigits[byte & 15]};
      } else {
        if (byte == '"' || byte == '\\') out_ += '\\';
        out_ += value.substr(0, length);
      }
      value.remove_prefix(length ? length : 1);
    }
    out_ += '"';
  }

  std::string& out_;
};

}  // namespace

void append_utc(WallTime time, std::string& out) {
  using namespace std::chrono;
  const sys_time<nanoseconds> instant{nanoseconds{time.ns}};
  const auto day = floor<days>(instant);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<milliseconds>(instant - day)};
  const std::pair<std::int64_t, const char*> parts[] = {
      {int{date.year()}, "-"},          {unsigned{date.month()}, "-"},  {unsigned{date.day()}, "T"},
      {clock.hours().count(), ":"},     {clock.minutes().count(), ":"}, {clock.seconds().count(), "."},
      {clock.subseconds().count(), "Z"}};
  constexpr int kWidths[] = {4, 2, 2, 2, 2, 2, 3};
  for (std::size_t i = 0; i < std::size(parts); ++i) {
    append_padded(parts[i].first, kWidths[i], out);
    out += parts[i].second;
  }
}

void append_access_text(const AccessEntry& entry, std::string& out) {
  const auto plain = [&](std::string_view value) {
    out += ' ';
    append_plain(value, out);
  };
  const auto quoted = [&](std::string_view value) {
    out += ' ';
    append_quoted(value, out);
  };
  const auto number = [&](std::uint64_t value) {
    out += ' ';
    append_number(value, out);
  };
  out += '[';
  append_utc(entry.start, out);
  out += "] \"";
  append_plain(entry.method, out);
  plain(entry.path);
  plain(entry.protocol);
  out += '"';
  number(static_cast<std::uint64_t>(entry.status));
  plain(FlagsText(entry.flags).view());
  plain(entry.details);
  plain(entry.termination_details);
  quoted(entry.transport_failure);
  number(entry.bytes_received);
  number(entry.bytes_sent);
  number(whole_ms(entry.duration));
  if (entry.upstream_time) {
    number(whole_ms(*entry.upstream_time));
  } else {
    out += " -";
  }
  for (const auto value :
       {entry.forwarded_for, entry.user_agent, entry.request_id, entry.authority, entry.upstream_host})
    quoted(value);
  for (const auto value : {entry.upstream_cluster, entry.upstream_local, entry.downstream_local,
                           entry.downstream_remote, entry.server_name, entry.route_name})
    plain(value);
  out += '\n';
}

void append_access_json(const AccessEntry& entry, std::string& out) {
  JsonLine json(out);
  json.time("start_time", entry.start);
  json.text("route_name", entry.route_name);
  json.text("method", entry.method);
  json.text("path", entry.path);
  json.text("protocol", entry.protocol);
  json.number("response_code", static_cast<std::uint64_t>(entry.status));
  json.text("response_flags", FlagsText(entry.flags).view());
  json.text("response_code_details", entry.details);
  json.text("connection_termination_details", entry.termination_details);
  json.number("bytes_received", entry.bytes_received);
  json.number("bytes_sent", entry.bytes_sent);
  json.number("duration", whole_ms(entry.duration));
  if (entry.upstream_time) {
    json.number("upstream_service_time", whole_ms(*entry.upstream_time));
  } else {
    json.text("upstream_service_time", {});
  }
  json.text("x_forwarded_for", entry.forwarded_for);
  json.text("user_agent", entry.user_agent);
  json.text("request_id", entry.request_id);
  json.text("authority", entry.authority);
  json.text("upstream_host", entry.upstream_host);
  json.text("upstream_cluster", entry.upstream_cluster);
  json.text("upstream_local_address", entry.upstream_local);
  json.text("downstream_local_address", entry.downstream_local);
  json.text("downstream_remote_address", entry.downstream_remote);
  json.text("requested_server_name", entry.server_name);
  json.text("upstream_transport_failure_reason", entry.transport_failure);
  json.close();
}

}  // namespace marty::telemetry
