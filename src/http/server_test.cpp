#include "http/server.hpp"

#include <gtest/gtest.h>

#include <map>

namespace marty::http {
namespace {

/// A network of one process: keeps unconsumed bytes as a driver does and records what was sent.
class MemoryTransport : public Transport {
 public:
  struct Link {
    std::string in, out;
    bool paused = false, closed = false, aborted = false;
    std::size_t unsent = 0;
  };
  ConnId connect(const Address&, const ConnectOptions&) override { return ConnId::kNone; }
  void write(ConnId id, std::string_view bytes) override {
    links[id].out += bytes, links[id].unsent += reader_is_slow ? bytes.size() : 0;
  }
  std::size_t unsent(ConnId id) const override { return links.at(id).unsent; }
  void pause(ConnId id, bool paused) override { links[id].paused = paused; }
  void close(ConnId id) override { links[id].closed = true; }
  void abort(ConnId id) override { links[id].closed = links[id].aborted = true; }
  void wake_at(Instant at) override { wake = std::min(wake, at); }
  Peer peer(ConnId) const override { return {.remote = "10.0.0.1:5"}; }

  std::map<ConnId, Link> links;
  Instant wake = Instant::never();
  bool reader_is_slow = false;
};

struct Bench {
  explicit Bench(ServerLimits limits = {})
      : server(
            net, [this](const Request& r) { return handle(r); }, limits) {}

  Response handle(const Request& request) {
    seen.push_back(std::string(request.method) + " " + std::string(request.path) + "|" +
                   std::string(request.query) + "|" + std::string(request.body));
    if (request.path == "/none") return {.status = 204};
    return {.status = 200,
            .content_type = "text/plain",
            .body = std::string(request.path),
            .headers = {{"x-a", "b"}}};
  }
  void open(int id) { server.on_accepted(now, ListenerId{}, ConnId(id)); }
  /// Delivers bytes and returns what came back.
  std::string send(int id, std::string_view bytes) {
    MemoryTransport::Link& link = net.links[ConnId(id)];
    const std::size_t before = link.out.size();
    link.in += bytes;
    if (!link.closed && !link.paused) link.in.erase(0, server.on_bytes(now, ConnId(id), link.in));
    return link.out.substr(before);
  }
  void pass(Duration time) {
    now = now + time;
    if (now < net.wake) return;
    net.wake = Instant::never();
    server.on_timer(now);
  }

  MemoryTransport net;
  Instant now{1};
  std::vector<std::string> seen;
  Server server;
};

const std::string kGet = "GET /a?q=1 HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kPost = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
const std::string kChunked =
    "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
const std::string kAnswerToGet =
    "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\nx-a: b\r\n\r\n/a";

TEST(Server, AnswersAndStaysOpen) {
  Bench bench;
  bench.open(1);
  EXPECT_EQ(bench.send(1, kGet), kAnswerToGet);
  EXPECT_EQ(bench.send(1, kGet), kAnswerToGet);
  EXPECT_FALSE(bench.net.links[ConnId(1)].closed);
  EXPECT_EQ(bench.seen, (std::vector<std::string>{"GET /a|q=1|", "GET /a|q=1|"}));
}

TEST(Server, PipelinedRequestsAreAnsweredInOrderHoweverTheyAreSplit) {
  const std::string stream =
      kGet + kPost + kChunked + "HEAD /h HTTP/1.1\r\nHost: h\r\n\r\nGET /none HTTP/1.1\r\nHost: h\r\n\r\n";
  Bench whole;
  whole.open(1);
  const std::string answers = whole.send(1, stream);
  EXPECT_EQ(whole.seen, (std::vector<std::string>{"GET /a|q=1|", "POST /p||abc", "PUT /c||abc", "HEAD /h||",
                                                  "GET /none||"}));
  EXPECT_TRUE(answers.ends_with("content-length: 2\r\nx-a: b\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"))
      << answers;
  for (std::size_t step = 1; step < stream.size(); ++step) {
    Bench bench;
    bench.open(1);
    std::string got;
    for (std::size_t at = 0; at < stream.size(); at += step) got += bench.send(1, stream.substr(at, step));
    ASSERT_EQ(got, answers) << step;
    ASSERT_EQ(bench.seen, whole.seen) << step;
  }
}

TEST(Server, ClosesWhenAsked) {
  Bench bench;
  bench.open(1);
  const std::string answer = bench.send(1, "GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + kGet);
  EXPECT_NE(answer.find("\r\nconnection: close\r\n"), answer.npos);
  EXPECT_EQ(bench.seen.size(), 1u) << "nothing after a close is read";
  EXPECT_TRUE(bench.net.links[ConnId(1)].closed);
  EXPECT_EQ(bench.server.open_connections(), 0u);
}

TEST(Server, RefusalsCloseTheConnection) {
  const ServerLimits limits{.parse = {.head_bytes_max = 100}, .body_bytes_max = 4};
  const std::pair<std::string, std::string> rows[] = {
      {"GET / HTTP/1.1\nHost: h\n\n", "HTTP/1.1 400 Bad Request\r\n"},
      {"GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 426 Upgrade Required\r\n"},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(100, 'x'), "HTTP/1.1 431 "},
      {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 413 "},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde",
       "HTTP/1.1 413 "},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400 "},
      {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501 "},
  };
  for (const auto& [bytes, expected] : rows) {
    Bench bench(limits);
    bench.open(1);
    const std::string answer = bench.send(1, bytes);
    EXPECT_TRUE(answer.starts_with(expected)) << answer;
    EXPECT_NE(answer.find("connection: close\r\n"), answer.npos);
    EXPECT_TRUE(bench.net.links[ConnId(1)].closed);
    EXPECT_TRUE(bench.seen.empty());
  }
}

TEST(Server, ItsOwnerDressesRefusals) {
  Bench bench;
  bench.server.on_refusal([](Response& response) {
    response.body = "dressed " + std::to_string(response.status);
    response.headers.emplace_back("x-version", "v1");
  });
  bench.open(1);
  const std::string answer = bench.send(1, "GET / HTTP/1.0\r\n\r\n");
  EXPECT_NE(answer.find("\r\nx-version: v1\r\n"), answer.npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\ndressed 426")) << answer;
}

TEST(Server, ContinuesOnlyABodyItWants) {
  Bench bench({.body_bytes_max = 10});
  bench.open(1);
  const std::string head = "POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: ";
  EXPECT_EQ(bench.send(1, head + "3\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(bench.send(1, "abc").starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(bench.send(1, head + "11\r\n\r\n").starts_with("HTTP/1.1 413 "));
}

TEST(Server, Timeouts) {
  struct Row {
    std::string bytes;
    Duration allowed;
    std::string answer;
  };
  const Row rows[] = {{"", 60s, ""},
                      {"GET / HT", 10s, "HTTP/1.1 408 "},
                      {kPost.substr(0, kPost.size() - 1), 30s, "HTTP/1.1 408 "},
                      {kGet, 60s, kAnswerToGet}};
  for (const Row& row : rows) {
    Bench bench;
    bench.open(1);
    if (!row.bytes.empty()) bench.send(1, row.bytes);
    bench.pass(row.allowed - 1ns);
    EXPECT_FALSE(bench.net.links[ConnId(1)].closed) << row.bytes;
    bench.pass(1ns);
    EXPECT_TRUE(bench.net.links[ConnId(1)].closed) << row.bytes;
    EXPECT_TRUE(bench.net.links[ConnId(1)].out.starts_with(row.answer)) << row.bytes;
    EXPECT_EQ(bench.server.open_connections(), 0u);
  }
}

TEST(Server, ASlowHeadIsNotProlongedByTricklingBytes) {
  Bench bench;
  bench.open(1);
  bench.send(1, "GET / HTTP/1.1\r\n");
  for (int i = 0; i < 11; ++i) {
    bench.pass(1s);
    if (!bench.net.links[ConnId(1)].closed) bench.send(1, "x");
  }
  EXPECT_TRUE(bench.net.links[ConnId(1)].closed);
}

TEST(Server, AReaderThatDoesNotReadIsPausedAndThenCut) {
  Bench bench({.unsent_bytes_max = 50});
  bench.open(1);
  bench.net.reader_is_slow = true;
  bench.send(1, kGet + kGet + kGet);
  EXPECT_EQ(bench.seen.size(), 1u);
  MemoryTransport::Link& link = bench.net.links[ConnId(1)];
  EXPECT_TRUE(link.paused);
  link.unsent = 0;
  bench.server.on_drained(bench.now, ConnId(1));
  EXPECT_FALSE(link.paused);
  bench.send(1, "");
  EXPECT_EQ(bench.seen.size(), 2u);
  bench.pass(60s);
  EXPECT_TRUE(link.aborted);
  EXPECT_EQ(bench.server.open_connections(), 0u);
}

TEST(Server, TooManyConnections) {
  Bench bench({.connections_max = 2});
  for (int id : {1, 2, 3}) bench.open(id);
  EXPECT_TRUE(bench.net.links[ConnId(3)].out.starts_with("HTTP/1.1 503 "));
  EXPECT_EQ(bench.server.open_connections(), 2u);
  bench.server.on_closed(bench.now, ConnId(1), ClosedBy::kPeer);
  bench.open(4);
  EXPECT_EQ(bench.send(4, kGet), kAnswerToGet);
}

TEST(Server, DrainFinishesWhatIsInFlight) {
  Bench bench;
  for (int id : {1, 2}) bench.open(id);
  bench.send(1, kPost.substr(0, kPost.size() - 1));
  bench.server.drain(bench.now);
  EXPECT_TRUE(bench.net.links[ConnId(2)].closed) << "idle";
  EXPECT_FALSE(bench.server.drained());
  bench.open(3);
  EXPECT_TRUE(bench.net.links[ConnId(3)].out.starts_with("HTTP/1.1 503 "));
  const std::string answer = bench.send(1, "c");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(answer.find("connection: close\r\n"), answer.npos);
  EXPECT_TRUE(bench.server.drained());
}

}  // namespace
}  // namespace marty::http
