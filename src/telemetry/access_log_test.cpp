#include "telemetry/access_log.hpp"

#include <gtest/gtest.h>

namespace marty::telemetry {
namespace {

/// The line observed from Envoy 1.40 when a client hung up after 100 ms.
AccessEntry client_gone() {
  AccessEntry entry;
  entry.start = {1'795'362'179'451'000'000};  // 2026-11-22T15:42:59.451Z
  entry.method = "GET";
  entry.path = "/delay/800";
  entry.protocol = "HTTP/1.1";
  entry.flags.set(Flag::kDownstreamConnectionTermination);
  entry.details = "downstream_remote_disconnect";
  entry.duration = Duration(100ms + 999us);
  entry.request_id = "41fc166a";
  entry.authority = "echo";
  entry.upstream_host = "127.0.0.1:21001";
  entry.upstream_cluster = "ok";
  entry.upstream_local = "127.0.0.1:55242";
  entry.downstream_local = "127.0.0.1:21100";
  entry.downstream_remote = "127.0.0.1:46386";
  return entry;
}
std::string text(const AccessEntry& entry) {
  std::string out;
  append_access_text(entry, out);
  return out;
}
std::string json(const AccessEntry& entry) {
  std::string out;
  append_access_json(entry, out);
  return out;
}
std::string utc(std::int64_t ns) {
  std::string out;
  append_utc({ns}, out);
  return out;
}

TEST(AccessLog, TextAsEnvoyWritesIt) {
  EXPECT_EQ(text(client_gone()),
            "[2026-11-22T15:42:59.451Z] \"GET /delay/800 HTTP/1.1\" 0 DC downstream_remote_disconnect - "
            "\"-\" 0 0 100 - "
            "\"-\" \"-\" \"41fc166a\" \"echo\" \"127.0.0.1:21001\" ok 127.0.0.1:55242 127.0.0.1:21100 "
            "127.0.0.1:46386 - -\n");
}

TEST(AccessLog, TextOfAnAnsweredCall) {
  auto entry = client_gone();
  entry.status = 200;
  entry.flags = {};
  entry.details = "via_upstream";
  entry.bytes_received = 12;
  entry.bytes_sent = 3456789012345;
  entry.upstream_time = Duration(7ms);
  entry.user_agent = "curl/8";
  entry.server_name = "outbound_.8080_.v1_.echo";
  entry.route_name = "default";
  const auto line = text(entry);
  EXPECT_NE(line.find("\" 200 - via_upstream - \"-\" 12 3456789012345 100 7 \"-\" \"curl/8\""), line.npos)
      << line;
  EXPECT_TRUE(line.ends_with(" outbound_.8080_.v1_.echo default\n")) << line;
}

TEST(AccessLog, OutsideTextCannotBreakTheLine) {
  auto entry = client_gone();
  entry.user_agent = "a\"b\\c\n\x01";
  const auto line = text(entry);
  EXPECT_NE(line.find("\"a\\\"b\\\\c\\x0a\\x01\""), line.npos) << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto object = json(entry);
  EXPECT_NE(object.find(R"("user_agent":"a\"b\\c\u000a\u0001")"), object.npos) << object;
  EXPECT_EQ(object.find('\n'), object.size() - 1);
}

TEST(AccessLog, JsonHasEveryKeyAndNullForMissing) {
  EXPECT_EQ(
      json(client_gone()),
      R"({"start_time":"2026-11-22T15:42:59.451Z","route_name":null,"method":"GET","path":"/delay/800",)"
      R"("protocol":"HTTP/1.1","response_code":0,"response_flags":"DC",)"
      R"("response_code_details":"downstream_remote_disconnect","connection_termination_details":null,)"
      R"("bytes_received":0,"bytes_sent":0,"duration":100,"upstream_service_time":null,)"
      R"("x_forwarded_for":null,"user_agent":null,"request_id":"41fc166a","authority":"echo",)"
      R"("upstream_host":"127.0.0.1:21001","upstream_cluster":"ok","upstream_local_address":"127.0.0.1:55242",)"
      R"("downstream_local_address":"127.0.0.1:21100","downstream_remote_address":"127.0.0.1:46386",)"
      R"("requested_server_name":null,"upstream_transport_failure_reason":null})"
      "\n");
}

TEST(AccessLog, JsonKeepsUtf8AndReplacesTheRest) {
  auto entry = client_gone();
  const std::pair<std::string_view, std::string_view> table[] = {
      {"/\xc3\xa4", "/\xc3\xa4"},
      {"/\xff!", "/\xef\xbf\xbd!"},
      {"/\xc3", "/\xef\xbf\xbd"},
      {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xf0\x9f\x90\xbe", "\xf0\x9f\x90\xbe"},
  };
  for (const auto& [path, expected] : table) {
    entry.path = path;
    EXPECT_NE(json(entry).find("\"path\":\"" + std::string(expected) + "\","), std::string::npos) << path;
  }
}

TEST(AccessLog, AppendsWithoutAllocatingOnceTheBufferIsLargeEnough) {
  std::string out;
  append_access_text(client_gone(), out);
  const auto capacity = out.capacity();
  const auto* data = out.data();
  out.clear();
  append_access_text(client_gone(), out);
  EXPECT_EQ(out.capacity(), capacity);
  EXPECT_EQ(out.data(), data);
}

TEST(AccessLog, Utc) {
  EXPECT_EQ(utc(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(utc(999'999), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(utc(951'782'399'999'000'000), "2000-02-28T23:59:59.999Z");
  EXPECT_EQ(utc(951'782'400'000'000'000), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(utc(4'102'444'799'001'000'000), "2099-12-31T23:59:59.001Z");
}

}  // namespace
}  // namespace marty::telemetry
