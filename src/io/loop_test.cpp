#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "io/socket.hpp"
#include "io/test_actor.hpp"

namespace marty::io {
namespace {

using testing::kListener;
using testing::listen_on_free_port;
using testing::make_loop;
using testing::NotingActor;
using testing::run_until;

/// A blocking client socket, for peers that misbehave in ways an actor cannot.
Fd raw_connect(const Address& to) {
  const auto address = parse_address(to);
  Fd fd(::socket((*address).any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(fd.get(), &(*address).any, (*address).size), 0);
  return fd;
}

TEST(Loop, EchoesOverTcpAndUnixSockets) {
  const testing::TemporaryDirectory directory;
  for (const std::string& listen : {std::string("127.0.0.1:0"), "unix:" + directory.path + "/echo.sock"}) {
    auto loop = make_loop();
    NotingActor server(*loop), client(*loop);
    server.echo = true;
    ASSERT_TRUE(server.transport->listen(kListener, {listen}, Security::kPlaintext));
    const ConnId id = client.transport->connect(server.transport->bound_address(kListener), {});
    client.transport->write(id, "hello");
    EXPECT_TRUE(client.connected.empty()) << "events never come from inside the call";
    ASSERT_TRUE(run_until(*loop, [&] { return client.received[id] == "hello"; }));
    const Peer seen = server.transport->peer(server.accepted[0]);
    EXPECT_FALSE(seen.tls);
    EXPECT_EQ(seen.local, server.transport->bound_address(kListener).text);
    EXPECT_EQ(seen.remote, client.transport->peer(id).local);
    client.transport->close(id);
    ASSERT_TRUE(run_until(*loop, [&] { return !server.closed.empty(); }));
    EXPECT_EQ(server.closed.begin()->second, ClosedBy::kPeer);
    EXPECT_TRUE(client.closed.empty()) << "no event after close";
    EXPECT_TRUE(run_until(*loop, [&] { return loop->open_connections() == 0; }));
  }
}

TEST(Loop, SteadyRequestsCostOneReceiveAndOneSendEach) {
  auto loop = make_loop();
  NotingActor server(*loop), client(*loop);
  const Address at = listen_on_free_port(server);
  int answers = 0;
  server.when_bytes = [&](ConnId id, std::string_view bytes) {
    server.transport->write(id, "first ");
    server.transport->write(id, "second");
    return bytes.size();
  };
  client.when_bytes = [&](ConnId id, std::string_view bytes) {
    ++answers;
    client.transport->write(id, "ping");
    return bytes.size();
  };
  client.transport->write(client.transport->connect(at, {}), "ping");
  ASSERT_TRUE(run_until(*loop, [&] { return answers >= 10; }));
  const LoopStats before = loop->stats();
  const int first = answers;
  ASSERT_TRUE(run_until(*loop, [&] { return answers >= first + 1000; }));
  EXPECT_LE(loop->stats().receives - before.receives, 2 * 1001u);  // both ends are on this loop
  EXPECT_LE(loop->stats().sends - before.sends, 2 * 1001u);
}

TEST(Loop, UnconsumedBytesAreShownAgainLonger) {
  auto loop = make_loop();
  NotingActor server(*loop), client(*loop);
  const Address at = listen_on_free_port(server);
  std::vector<std::string> shown;
  server.when_bytes = [&](ConnId, std::string_view bytes) -> std::size_t {
    shown.emplace_back(bytes);
    return bytes.size() < 6 ? 0 : 5;
  };
  const ConnId id = client.transport->connect(at, {});
  for (const char* piece : {"abc", "def", "ghi"}) {
    const std::size_t calls = shown.size();
    client.transport->write(id, piece);
    ASSERT_TRUE(run_until(*loop, [&] { return shown.size() > calls; }));
  }
  EXPECT_EQ(shown, (std::vector<std::string>{"abc", "abcdef", "fghi"}));
}

TEST(Loop, PauseHoldsBytesAndEndBackAndShowsTheRestOnResume) {
  auto loop = make_loop();
  NotingActor server(*loop), client(*loop);
  const Address at = listen_on_free_port(server);
  std::vector<std::string> shown;
  server.when_bytes = [&](ConnId id, std::string_view bytes) -> std::size_t {
    shown.emplace_back(bytes);
    server.transport->pause(id, true);
    return 1;
  };
  const ConnId id = client.transport->connect(at, {});
  client.transport->write(id, "ab");
  ASSERT_TRUE(run_until(*loop, [&] { return shown.size() == 1; }));
  client.transport->write(id, "c");
  client.transport->close(id);
  for (int turn = 0; turn < 20; ++turn) loop->run_once(0ms);
  EXPECT_EQ(shown.size(), 1u);
  EXPECT_TRUE(server.closed.empty());
  const ConnId accepted = server.accepted[0];
  server.transport->pause(accepted, false);
  EXPECT_EQ(shown.size(), 1u) << "not from inside the call";
  ASSERT_TRUE(run_until(*loop, [&] { return shown.size() == 2; }));
  EXPECT_EQ(shown[1], "b");
  server.transport->pause(accepted, false);
  ASSERT_TRUE(run_until(*loop, [&] { return shown.size() == 3; }));
  EXPECT_EQ(shown[2], "c");
  EXPECT_TRUE(server.closed.empty());
  server.transport->pause(accepted, false);
  ASSERT_TRUE(run_until(*loop, [&] { return server.closed.size() == 1; }));
  EXPECT_EQ(server.closed[accepted], ClosedBy::kPeer);
}

TEST(Loop, AHalfClosedPeerStillGetsItsAnswer) {
  auto loop = make_loop();
  NotingActor server(*loop);
  const Address at = listen_on_free_port(server);
  server.when_bytes = [&](ConnId id, std::string_view bytes) {
    server.transport->pause(id, true);
    return bytes.size();
  };
  const Fd client = raw_connect(at);
  ASSERT_EQ(::send(client.get(), "ask", 3, 0), 3);
  ::shutdown(client.get(), SHUT_WR);
  ASSERT_TRUE(run_until(*loop, [&] { return !server.accepted.empty(); }));
  for (int turn = 0; turn < 5; ++turn) loop->run_once(0ms);
  server.transport->write(server.accepted[0], "answer");
  server.transport->close(server.accepted[0]);
  ASSERT_TRUE(run_until(*loop, [&] { return loop->open_connections() == 0; }));
  char answer[16] = {};
  EXPECT_EQ(::recv(client.get(), answer, sizeof answer, 0), 6);
  EXPECT_STREQ(answer, "answer");
}

TEST(Loop, BackPressureMovesALargeBodyInBoundedMemory) {
  constexpr std::size_t kTotal = 64 << 20, kLimit = 1 << 20;
  auto loop = make_loop();
  NotingActor source(*loop), sink(*loop);
  const Address at = listen_on_free_port(source);
  const std::string piece(100'000, 'x');
  std::size_t written = 0, peak = 0, got = 0;
  const auto produce = [&](ConnId id) {
    while (written < kTotal && source.transport->unsent(id) <= kLimit) {
      source.transport->write(id, piece);
      written += piece.size();
    }
    peak = std::max(peak, source.transport->unsent(id));
    if (written >= kTotal) source.transport->close(id);
  };
  source.when_accepted = produce;
  source.when_drained = produce;
  sink.when_bytes = [&](ConnId id, std::string_view bytes) {
    got += bytes.size();
    sink.transport->pause(id, true);  // a slow reader: one piece per turn
    sink.transport->pause(id, false);
    return bytes.size();
  };
  const ConnId id = sink.transport->connect(at, {});
  ASSERT_TRUE(run_until(*loop, [&] { return !sink.closed.empty(); }));
  EXPECT_EQ(sink.closed[id], ClosedBy::kPeer);
  EXPECT_EQ(got, written);
  EXPECT_LE(peak, kLimit + piece.size());
}

TEST(Loop, DrainedFollowsAlsoWhenOneFlushTookEverything) {
  auto loop = make_loop();
  NotingActor server(*loop), client(*loop);
  const Address at = listen_on_free_port(server);
  server.when_accepted = [&](ConnId id) {
    server.transport->write(id, "small");
    EXPECT_EQ(server.transport->unsent(id), 5u);
  };
  client.transport->connect(at, {});
  ASSERT_TRUE(run_until(*loop, [&] { return server.drained == 1; }));
  EXPECT_EQ(server.transport->unsent(server.accepted[0]), 0u);
}

TEST(Loop, CloseFlushesEverythingAlthoughTheBodyWasNotRead) {
  auto loop = make_loop();
  NotingActor server(*loop);
  const Address at = listen_on_free_port(server);
  const std::string answer(8 << 20, 'a');
  server.when_bytes = [&](ConnId id, std::string_view bytes) {
    server.transport->write(id, answer);
    server.transport->close(id);
    return bytes.size();
  };
  std::size_t got = 0;
  bool orderly = false;
  std::thread client([&] {
    const Fd fd = raw_connect(at);
    const std::string body(600'000, 'b');  // sent before a byte is read, most of it never read by the server
    for (std::size_t sent = 0; sent < body.size();) {
      const ssize_t n = ::send(fd.get(), body.data() + sent, body.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return;
      sent += static_cast<std::size_t>(n);
    }
    std::vector<char> room(1 << 16);
    ssize_t n = 0;
    while ((n = ::recv(fd.get(), room.data(), room.size(), 0)) > 0) got += static_cast<std::size_t>(n);
    orderly = n == 0;
  });
  EXPECT_TRUE(run_until(*loop, [&] { return !server.accepted.empty() && loop->open_connections() == 0; }));
  client.join();
  EXPECT_EQ(got, answer.size());
  EXPECT_TRUE(orderly);
}

TEST(Loop, ALingeringConnectionIsBoundedInTime) {
  auto loop = make_loop();
  NotingActor server(*loop);
  const Address at = listen_on_free_port(server);
  server.when_accepted = [&](ConnId id) { server.transport->close(id); };
  const Fd silent = raw_connect(at);
  const Instant begin = io::now();
  ASSERT_TRUE(run_until(*loop, [&] { return !server.accepted.empty() && loop->open_connections() == 0; }));
  EXPECT_GE(io::now() - begin, 900ms);
}

TEST(Loop, AbortResetsThePeer) {
  auto loop = make_loop();
  NotingActor server(*loop), client(*loop);
  const Address at = listen_on_free_port(server);
  server.when_bytes = [&](ConnId id, std::string_view bytes) {
    server.transport->write(id, "never sent");
    server.transport->abort(id);
    return bytes.size();
  };
  const ConnId id = client.transport->connect(at, {});
  client.transport->write(id, "x");
  client.transport->pause(id, true);  // a reset is told even so
  ASSERT_TRUE(run_until(*loop, [&] { return !client.closed.empty(); }));
  EXPECT_EQ(client.closed[id], ClosedBy::kReset);
  EXPECT_TRUE(client.received.empty());
  EXPECT_EQ(server.transport->unsent(server.accepted[0]), 0u) << "a dead id is harmless";
}

TEST(Loop, ConnectFailuresAreEvents) {
  auto loop = make_loop();
  NotingActor client(*loop);
  Address closed_port;
  {
    NotingActor brief(*loop);
    closed_port = listen_on_free_port(brief);
  }
  const ConnId refused = client.transport->connect(closed_port, {});
  const ConnId missing = client.transport->connect({"unix:/nonexistent/x.sock"}, {});
  const ConnId nonsense = client.transport->connect({"localhost:http"}, {});
  const ConnId no_identity = client.transport->connect(closed_port, {.security = Security::kMutualTls});
  EXPECT_TRUE(client.closed.empty());
  ASSERT_TRUE(run_until(*loop, [&] { return client.closed.size() == 4; }));
  EXPECT_EQ(client.closed[refused], ClosedBy::kRefused);
  EXPECT_EQ(client.closed[missing], ClosedBy::kRefused);
  EXPECT_EQ(client.closed[nonsense], ClosedBy::kRefused);
  EXPECT_EQ(client.closed[no_identity], ClosedBy::kTlsFailure);
}

TEST(Loop, ConnectGivesUpAtItsDeadline) {
  auto loop = make_loop();
  // A listener whose backlog is full drops further SYNs, which is what an unreachable host looks like.
  const Fd full(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  auto any = parse_address({"127.0.0.1:0"});
  ASSERT_EQ(::bind(full.get(), &any->any, any->size), 0);
  ASSERT_EQ(::listen(full.get(), 0), 0);
  const Address at{local_address(full.get()).text()};
  NotingActor client(*loop);
  for (int i = 0; i < 4; ++i) client.transport->connect(at, {.timeout = 150ms});
  ASSERT_TRUE(run_until(*loop, [&] { return client.closed.size() >= 2; }));
  for (const auto& [id, by] : client.closed) EXPECT_EQ(by, ClosedBy::kConnectTimeout);
}

TEST(Loop, ListenConflictsSayWhoToAsk) {
  auto loop = make_loop();
  NotingActor first(*loop), second(*loop);
  const Address at = listen_on_free_port(first);
  auto status = second.transport->listen(kListener, at, Security::kPlaintext);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().text.find(at.text), std::string::npos) << status.error().text;
  const std::string port = at.text.substr(at.text.find(':'));
  EXPECT_NE(status.error().next.find("ss -ltnp 'sport = " + port + "'"), std::string::npos)
      << status.error().next;
  for (const char* bad :
       {"127.0.0.1", "127.0.0.1:http", "127.0.0.1:70000", "localhost:80", "unix:", "1.2.3:4"}) {
    auto refused = second.transport->listen(kListener, {bad}, Security::kPlaintext);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, ErrorCode::kInput);
  }
  EXPECT_FALSE(second.transport->listen(kListener, {"127.0.0.1:0"}, Security::kMutualTls)) << "no identity";
}

TEST(Loop, UnixSocketsAreOursAloneAndStaleOnesAreReplaced) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory.path + "/s";
  auto loop = make_loop();
  {
    const Fd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto address = parse_address({"unix:" + path});
    ASSERT_EQ(::bind(dead.get(), &address->any, address->size), 0);
  }
  NotingActor first(*loop), second(*loop);
  ASSERT_TRUE(first.transport->listen(kListener, {"unix:" + path}, Security::kPlaintext));
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_FALSE(second.transport->listen(kListener, {"unix:" + path}, Security::kPlaintext)) << "in use";
  first.transport->unlisten(kListener);
  EXPECT_NE(::stat(path.c_str(), &status), 0);
  std::ofstream(path) << "a file of somebody's";
  EXPECT_FALSE(second.transport->listen(kListener, {"unix:" + path}, Security::kPlaintext));
}

TEST(Loop, ManyConnectionsAndTheirSlotsAreReused) {
  auto loop = make_loop();
  NotingActor server(*loop), client(*loop);
  server.echo = true;
  const Address at = listen_on_free_port(server);
  std::vector<ConnId> all;
  for (int round = 0; round < 3; ++round) {
    std::vector<ConnId> ids;
    for (int i = 0; i < 300; ++i) {
      ids.push_back(client.transport->connect(at, {}));
      client.transport->write(ids.back(), "x");
    }
    ASSERT_TRUE(run_until(*loop, [&] {
      return std::all_of(ids.begin(), ids.end(), [&](ConnId id) { return client.received[id] == "x"; });
    }));
    for (const ConnId id : ids) client.transport->close(id);
    all.insert(all.end(), ids.begin(), ids.end());
    ASSERT_TRUE(run_until(*loop, [&] { return loop->open_connections() == 0; }));
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end()) << "ids are never used twice";
}

/// Leaves no descriptor free while it lives.
struct NoDescriptorsLeft {
  NoDescriptorsLeft() {
    ::getrlimit(RLIMIT_NOFILE, &old);
    rlimit tight = old;
    tight.rlim_cur = static_cast<rlim_t>(Fd(::dup(0)).get());  // the lowest free number
    ::setrlimit(RLIMIT_NOFILE, &tight);
  }
  ~NoDescriptorsLeft() { ::setrlimit(RLIMIT_NOFILE, &old); }
  rlimit old{};
};

TEST(Loop, WithoutDescriptorsAcceptingWaitsAndGoesOn) {
  auto loop = make_loop();
  NotingActor server(*loop);
  const Address at = listen_on_free_port(server);
  std::vector<Fd> clients;
  // Short at first: UBSan needs a pipe to look at an object's type for the first time, here the listener's
  // alarm.
  for (const std::uint64_t pauses : {1u, 4u}) {
    for (int i = 0; i < 3; ++i) clients.push_back(raw_connect(at));
    const LoopStats before = loop->stats();
    bool paused = false;
    {
      const NoDescriptorsLeft none;
      paused = run_until(*loop, [&] { return loop->stats().listener_pauses >= pauses; });
    }
    EXPECT_TRUE(paused);
    EXPECT_LT(loop->stats().turns - before.turns, 50u) << "waits instead of spinning";
    EXPECT_TRUE(run_until(*loop, [&] { return server.accepted.size() == clients.size(); }));
  }
}

TEST(Loop, DetachingAnActorClosesItsConnectionsAndKeepsOthers) {
  auto loop = make_loop();
  auto server = std::make_unique<NotingActor>(*loop);
  NotingActor client(*loop);
  const Address at = listen_on_free_port(*server);
  const ConnId id = client.transport->connect(at, {});
  ASSERT_TRUE(run_until(*loop, [&] { return server->accepted.size() == 1; }));
  server->transport->write(server->accepted[0], "last words");
  server.reset();
  ASSERT_TRUE(run_until(*loop, [&] { return !client.closed.empty(); }));
  EXPECT_EQ(client.received[id], "last words");
  EXPECT_EQ(client.closed[id], ClosedBy::kPeer);
}

TEST(Loop, TheEarliestWakeWinsAndIsConsumed) {
  auto loop = make_loop();
  NotingActor actor(*loop);
  actor.transport->wake_at(loop->now() + 1h);
  actor.transport->wake_at(loop->now() + 5ms);
  actor.transport->wake_at(loop->now() + 2h);
  const Instant asked = loop->now();
  ASSERT_TRUE(run_until(*loop, [&] { return actor.timers == 1; }));
  EXPECT_GE(loop->now() - asked, 5ms);
  loop->run_once(0ms);
  EXPECT_EQ(actor.timers, 1);
  actor.transport->wake_at(Instant{0});
  ASSERT_TRUE(run_until(*loop, [&] { return actor.timers == 2; }));
}

TEST(Loop, PostedFunctionsRunOnTheLoopWithinABound) {
  auto loop = make_loop();
  int ran = 0, accepted = 0;
  std::thread other([&] {
    for (int i = 0; i < 5000; ++i) accepted += loop->post([&] { ++ran; });
    loop->stop();
  });
  other.join();
  EXPECT_EQ(accepted, 4096);
  loop->run();
  ASSERT_TRUE(run_until(*loop, [&] { return ran == 4096; }));
  std::thread stopper([&] { EXPECT_TRUE(loop->post([&] { loop->stop(); })); });
  loop->run();
  stopper.join();
}

}  // namespace
}  // namespace marty::io
