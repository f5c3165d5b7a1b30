#include "io/process.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "io/files.hpp"
#include "io/signals.hpp"
#include "io/test_actor.hpp"

namespace marty::io {
namespace {

using testing::make_loop;
using testing::run_until;

struct ProcessTest : ::testing::Test {
  std::unique_ptr<Process> spawn(const std::string& script) {
    spec.argv = {"sh", "-c", script};
    auto made = Process::spawn(*loop, spec, [this](Instant, ExitStatus how) { ended.push_back(how); });
    EXPECT_TRUE(made) << made.error().text;
    return made ? std::move(*made) : nullptr;
  }
  bool wait_for_end() {
    return run_until(*loop, [this] { return !ended.empty(); });
  }
  std::string wait_for_file(const std::string& name) {
    const std::string path = home.path + "/" + name;
    run_until(*loop, [&] {
      auto content = read_file(path);
      return content && content->ends_with('\n');
    });
    return *read_file(path);
  }
  static bool alive(pid_t pid) {
    // A killed orphan may be a zombie for a moment, or for good when nobody above reaps it.
    auto status = read_file("/proc/" + std::to_string(pid) + "/stat");
    return status && status->find(") Z") == std::string::npos;
  }

  testing::TemporaryDirectory home;
  std::unique_ptr<Loop> loop = make_loop();
  ProcessSpec spec;
  std::vector<ExitStatus> ended;
};

TEST_F(ProcessTest, GetsItsSurroundingsAndTellsItsExit) {
  spec.env = {{"GREETING", "hello"}, {"HOME", "/replaced"}};
  spec.directory = home.path;
  spec.output_file = home.path + "/out";
  spec.error_file = home.path + "/out";
  const auto process = spawn("read line; echo \"$GREETING $HOME $line\"; pwd; echo oops >&2; exit 7");
  ASSERT_TRUE(wait_for_end());
  EXPECT_EQ(ended[0].code, 7);
  EXPECT_EQ(ended[0].signal, 0);
  EXPECT_FALSE(process->running());
  EXPECT_EQ(*read_file(home.path + "/out"), "hello /replaced \n" + home.path + "\noops\n");
  EXPECT_LT(::waitpid(process->pid(), nullptr, WNOHANG), 0) << "no zombie is left";
}

TEST_F(ProcessTest, WhatCannotStartSaysWhatIsWrong) {
  const auto error_of = [&] {
    auto made = Process::spawn(*loop, spec, [](Instant, ExitStatus) {});
    return made ? std::string("started") : made.error().text;
  };
  spec.argv = {"no-such-program-here"};
  EXPECT_NE(error_of().find("no-such-program-here: No such file"), std::string::npos) << error_of();
  spec.argv = {"true"};
  spec.directory = "/nonexistent";
  EXPECT_NE(error_of().find("directory /nonexistent"), std::string::npos) << error_of();
  spec.directory.clear();
  spec.output_file = "/nonexistent/out";
  EXPECT_NE(error_of().find("output file /nonexistent/out"), std::string::npos) << error_of();
  spec.argv.clear();
  EXPECT_FALSE(error_of().empty());
}

TEST_F(ProcessTest, TerminateReachesTheWholeGroup) {
  const auto process = spawn("sleep 1000 & echo $! > " + home.path + "/child; wait");
  const pid_t child = std::stoi(wait_for_file("child"));
  ASSERT_TRUE(alive(child));
  process->terminate(10s);
  ASSERT_TRUE(wait_for_end());
  EXPECT_EQ(ended[0].signal, SIGTERM);
  EXPECT_EQ(ended[0].code, 128 + SIGTERM);
  EXPECT_TRUE(run_until(*loop, [&] { return !alive(child); }));
}

TEST_F(ProcessTest, KillFollowsWhenTerminateIsIgnored) {
  const auto process = spawn("trap '' TERM; echo up > " + home.path + "/up; while :; do sleep 0.01; done");
  wait_for_file("up");
  process->terminate(60ms);
  process->terminate(1h);
  ASSERT_TRUE(wait_for_end());
  EXPECT_EQ(ended[0].signal, SIGKILL);
}

TEST_F(ProcessTest, OrphansOfTheGroupGoWithTheirLeader) {
  const auto process = spawn("sleep 1000 & echo $! > " + home.path + "/child; exit 0");
  const pid_t child = std::stoi(wait_for_file("child"));
  ASSERT_TRUE(wait_for_end());
  EXPECT_EQ(ended[0].code, 0);
  EXPECT_TRUE(run_until(*loop, [&] { return !alive(child); }));
}

TEST_F(ProcessTest, DestroyingKillsAndReaps) {
  auto process = spawn("sleep 1000");
  const pid_t pid = process->pid();
  process.reset();
  EXPECT_FALSE(alive(pid));
  loop->run_once(0ms);
  EXPECT_TRUE(ended.empty());
}

TEST_F(ProcessTest, NothingOutlivesAKilledParent) {
  const std::string note = home.path + "/pid";
  const pid_t parent = ::fork();
  if (parent == 0) {
    auto own = Loop::create();
    ProcessSpec sleeper;
    sleeper.argv = {"sleep", "1000"};
    auto made = Process::spawn(**own, sleeper, [](Instant, ExitStatus) {});
    if (made) (void)write_file_atomically(note, std::to_string((*made)->pid()) + "\n");
    ::pause();
    ::_exit(0);
  }
  const pid_t child = std::stoi(wait_for_file("pid"));
  ASSERT_TRUE(alive(child));
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  EXPECT_TRUE(run_until(*loop, [&] { return !alive(child); }));
}

TEST(Signals, ArriveOnTheLoopAndChildrenDoNotInheritTheMask) {
  auto loop = make_loop();
  std::vector<int> seen;
  {
    auto watch = SignalWatch::start(*loop, {SIGUSR1, SIGTERM}, [&](int number) { seen.push_back(number); });
    ASSERT_TRUE(watch) << watch.error().text;
    ::raise(SIGUSR1);
    EXPECT_TRUE(seen.empty());
    ASSERT_TRUE(run_until(*loop, [&] { return seen.size() == 1; }));
    EXPECT_EQ(seen[0], SIGUSR1);
    ProcessSpec spec;
    spec.argv = {"sleep", "1000"};
    std::vector<ExitStatus> ended;
    auto process = Process::spawn(*loop, spec, [&](Instant, ExitStatus how) { ended.push_back(how); });
    ASSERT_TRUE(process);
    (*process)->terminate(10s);
    ASSERT_TRUE(run_until(*loop, [&] { return !ended.empty(); }));
    EXPECT_EQ(ended[0].signal, SIGTERM);
  }
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(::sigismember(&mask, SIGUSR1), 0);
}

}  // namespace
}  // namespace marty::io
