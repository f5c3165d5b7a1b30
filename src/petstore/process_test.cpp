#include "petstore/process.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>

#include "io/fd.hpp"

namespace marty::petstore {
namespace {

/// The whole service in a child process, reached through its unix sockets.
class RunningPetstore : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/petstore-test-XXXXXX";
    directory_ = ::mkdtemp(name);
    options_.host = "unix:" + directory_ + "/api";
    options_.store = "sqlite:" + directory_ + "/pets.db";
    options_.seed_demo = SeedDemo::kYes;
    start();
  }
  void TearDown() override {
    if (child_ > 0) stop(SIGKILL);
    std::filesystem::remove_all(directory_);
  }

  /// Returns once the service has written its first log line, which it does when it listens.
  void start() {
    int log[2];
    ASSERT_EQ(::pipe(log), 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(log[1], STDERR_FILENO);
      ::close(log[0]);
      ::_exit(run(options_) ? 0 : 4);
    }
    ::close(log[1]);
    log_ = io::Fd(log[0]);
    EXPECT_NE(read_some(log_).find("listening"), std::string::npos);
  }
  int stop(int signal) {
    ::kill(child_, signal);
    return wait_for_end();
  }
  int wait_for_end() {
    int status = 0;
    ::waitpid(std::exchange(child_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  io::Fd connect(const std::string& suffix = "") {
    io::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{.sun_family = AF_UNIX};
    std::strcpy(address.sun_path, (directory_ + "/api" + suffix).c_str());
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return io::Fd();
    return fd;
  }
  static void send(const io::Fd& fd, std::string_view bytes) {
    ASSERT_EQ(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  static std::string read_some(const io::Fd& fd) {
    char bytes[8192];
    const ssize_t count = ::read(fd.get(), bytes, sizeof bytes);
    return {bytes, static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
  }
  /// Until the service closes the connection.
  static std::string read_all(const io::Fd& fd) {
    std::string all;
    for (std::string some = read_some(fd); !some.empty(); some = read_some(fd)) all += some;
    return all;
  }
  std::string ask(std::string_view line, const std::string& suffix = "") {
    const io::Fd fd = connect(suffix);
    send(fd, std::string(line) + " HTTP/1.1\r\nHost: pets\r\nConnection: close\r\n\r\n");
    return read_all(fd);
  }

  std::string directory_;
  Options options_;
  io::Fd log_;
  pid_t child_ = -1;
};

TEST_F(RunningPetstore, ServesAndStops) {
  EXPECT_TRUE(ask("GET /ready").starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(ask("GET /api/petstore-domain/pets/1").find("\"Rex\""), std::string::npos);
  EXPECT_NE(ask("GET /metrics", ".metrics").find("petstore_pets{status=\"available\"} 3\n"),
            std::string::npos);
  const std::string refused = ask("GET /\tx");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 400 ")) << refused;
  EXPECT_NE(refused.find("x-petstore-version: v1\r\n"), std::string::npos) << refused;
  EXPECT_EQ(stop(SIGTERM), 0);
  EXPECT_FALSE(connect());
}

TEST_F(RunningPetstore, FinishesWhatIsInFlightBeforeItStops) {
  const io::Fd idle = connect(), busy = connect();
  send(idle, "GET /health HTTP/1.1\r\nHost: pets\r\n\r\n");
  EXPECT_TRUE(read_some(idle).starts_with("HTTP/1.1 200 "));
  send(busy,
       "PUT /api/petstore-domain/pets/50 HTTP/1.1\r\nHost: pets\r\nContent-Type: application/json\r\n"
       "Expect: 100-continue\r\nContent-Length: 15\r\n\r\n");
  EXPECT_EQ(read_some(busy), "HTTP/1.1 100 Continue\r\n\r\n");
  ::kill(child_, SIGTERM);
  EXPECT_EQ(read_all(idle), "") << "closed at once";
  send(busy, R"({"name":"Late"})");
  const std::string answer = read_all(busy);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 201 Created\r\n")) << answer;
  EXPECT_NE(answer.find("\r\nconnection: close\r\n"), std::string::npos);
  EXPECT_EQ(wait_for_end(), 0);
  start();
  EXPECT_NE(ask("GET /api/petstore-domain/pets/50").find("Late"), std::string::npos);
}

TEST_F(RunningPetstore, ASecondSignalEndsItAtOnce) {
  const io::Fd busy = connect();
  send(busy, "PUT /x HTTP/1.1\r\nHost: pets\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_FALSE(read_some(busy).empty());
  ::kill(child_, SIGTERM);
  std::string lines = read_some(log_);
  while (lines.find("draining") == lines.npos) lines += read_some(log_);
  EXPECT_EQ(stop(SIGTERM), 0);
}

TEST_F(RunningPetstore, APlaceThatIsTakenIsAnError) {
  Status second = run(options_);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().text.find(directory_ + "/api"), std::string::npos) << second.error().text;
  EXPECT_EQ(stop(SIGTERM), 0);
}

}  // namespace
}  // namespace marty::petstore
