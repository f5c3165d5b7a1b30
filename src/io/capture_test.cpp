#include "io/capture.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include "io/test_actor.hpp"

namespace marty::io {
namespace {

Captured run(CaptureSpec spec) {
  auto loop = testing::make_loop();
  auto captured = capture(*loop, spec);
  EXPECT_TRUE(captured) << captured.error().text;
  return captured ? *captured : Captured{};
}
Captured run(const std::string& script) { return run(CaptureSpec{{"sh", "-c", script}}); }

TEST(Capture, KeepsBothStreamsAndTheStatus) {
  const auto captured = run("echo out; echo err >&2; exit 3");
  EXPECT_EQ(captured.end, Captured::End::kExited);
  EXPECT_EQ(captured.status.code, 3);
  EXPECT_EQ(captured.out, "out\n");
  EXPECT_EQ(captured.err, "err\n");
}

TEST(Capture, FeedsMoreThanASocketHoldsAndReadsItBack) {
  CaptureSpec spec{{"cat"}};
  for (int i = 0; i < 200'000; ++i) spec.input += std::to_string(i) + "\n";
  const auto captured = run(spec);
  EXPECT_EQ(captured.status.code, 0);
  EXPECT_EQ(captured.out, spec.input);
}

TEST(Capture, AProgramThatDoesNotReadItsInputHarmsNobody) {
  CaptureSpec spec{{"sh", "-c", "exec <&-; echo done"}};
  spec.input.assign(10u << 20, 'x');
  EXPECT_EQ(run(spec).out, "done\n");
}

TEST(Capture, WithoutInputItSeesTheEndOfIt) { EXPECT_EQ(run("wc -c").out, "0\n"); }

TEST(Capture, EndsWhatTakesTooLong) {
  CaptureSpec spec{{"sh", "-c", "echo so far; exec sleep 1000"}};
  spec.limit = 200ms;
  const auto captured = run(spec);
  EXPECT_EQ(captured.end, Captured::End::kTimedOut);
  EXPECT_EQ(captured.status.signal, SIGTERM);
  EXPECT_EQ(captured.out, "so far\n");
}

TEST(Capture, EndsWhatIsNoLongerWanted) {
  CaptureSpec spec{{"sleep", "1000"}};
  spec.cancelled = [] { return true; };
  EXPECT_EQ(run(spec).end, Captured::End::kCancelled);
}

TEST(Capture, EndsWhatSaysTooMuch) {
  CaptureSpec spec{{"yes"}};
  spec.bytes_max = 100'000;
  const auto captured = run(spec);
  EXPECT_EQ(captured.end, Captured::End::kTooMuchOutput);
  EXPECT_LT(captured.out.size(), spec.bytes_max + 200'000);
}

TEST(Capture, SaysWhatCannotBeStarted) {
  auto loop = testing::make_loop();
  auto captured = capture(*loop, CaptureSpec{{"no-such-program-here"}});
  ASSERT_FALSE(captured);
  EXPECT_NE(captured.error().text.find("no-such-program-here"), std::string::npos);
}

}  // namespace
}  // namespace marty::io
