#include "io/threads.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace marty::io {
namespace {

TEST(Threads, EveryPieceIsDoneOnceAndAllWhenItReturns) {
  Threads threads;
  EXPECT_GE(threads.count(), 1u);
  for (const std::size_t pieces : {0u, 1u, 2u, 1000u}) {
    std::vector<std::atomic<int>> done(pieces);
    threads.run(pieces, [&](std::size_t piece) { ++done[piece]; });
    for (const auto& times : done) EXPECT_EQ(times, 1);
  }
}

}  // namespace
}  // namespace marty::io
