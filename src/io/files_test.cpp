#include "io/files.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/clock.hpp"
#include "io/entropy.hpp"
#include "io/file_watcher.hpp"
#include "io/test_actor.hpp"

namespace marty::io {
namespace {

using testing::TemporaryDirectory;

std::size_t entries_in(const std::string& directory) { return list_directory(directory)->size(); }

TEST(Files, WhatIsWrittenIsRead) {
  const TemporaryDirectory home;
  const std::string path = home.path + "/f";
  for (const std::size_t size : {0u, 1u, 65536u, 300'001u}) {
    const std::string content(size, 'c');
    ASSERT_TRUE(write_file_atomically(path, content, 0640));
    auto read = read_file(path);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(*read, content);
  }
  struct stat status {};
  ::stat(path.c_str(), &status);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
  EXPECT_FALSE(read_file(path, 300'000));
  EXPECT_TRUE(read_file(path, 300'001));
  EXPECT_EQ(entries_in(home.path), 1u);
}

TEST(Files, ErrorsNameThePathAndTheWayOut) {
  const TemporaryDirectory home;
  for (const std::string& path : {home.path + "/missing", home.path, std::string("/dev/zero")}) {
    auto read = read_file(path);
    ASSERT_FALSE(read) << path;
    EXPECT_EQ(read.error().code, ErrorCode::kInput);
    EXPECT_NE(read.error().text.find(path), std::string::npos);
  }
  EXPECT_FALSE(read_file(home.path + "/missing").error().next.empty());
  EXPECT_FALSE(write_file_atomically(home.path + "/no/such/folder", "x"));
  EXPECT_FALSE(write_file_atomically(home.path, "x")) << "a directory";
  EXPECT_FALSE(list_directory(home.path + "/missing"));
  ASSERT_TRUE(write_file_atomically(home.path + "/file", "x"));
  EXPECT_FALSE(make_directories(home.path + "/file/below"));
}

TEST(Files, AFullDiskKeepsTheOldFileAndLeavesNothing) {
  const TemporaryDirectory home;
  const std::string path = home.path + "/f";
  ASSERT_TRUE(write_file_atomically(path, "old"));
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  rlimit tight = old;
  tight.rlim_cur = 4096;
  const auto before = ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &tight);
  auto status = write_file_atomically(path, std::string(100'000, 'n'));
  ::setrlimit(RLIMIT_FSIZE, &old);
  ::signal(SIGXFSZ, before);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().text.find(path), std::string::npos);
  EXPECT_EQ(*read_file(path), "old");
  EXPECT_EQ(entries_in(home.path), 1u);
}

TEST(Files, LinksAreFollowedAndStay) {
  const TemporaryDirectory home;
  ASSERT_TRUE(make_directories(home.path + "/real/deep/"));
  ASSERT_EQ(::symlink("real/deep/target", (home.path + "/link").c_str()), 0);
  for (const char* content : {"made through a dangling link", "replaced"}) {
    ASSERT_TRUE(write_file_atomically(home.path + "/link", content));
    EXPECT_EQ(*read_file(home.path + "/real/deep/target"), content);
  }
  struct stat status {};
  ASSERT_EQ(::lstat((home.path + "/link").c_str(), &status), 0);
  EXPECT_TRUE(S_ISLNK(status.st_mode));
  ASSERT_EQ(::symlink("loop", (home.path + "/loop").c_str()), 0);
  EXPECT_FALSE(write_file_atomically(home.path + "/loop", "x"));
}

TEST(Files, DirectoriesAreListedInOrder) {
  const TemporaryDirectory home;
  ASSERT_TRUE(make_directories(home.path + "/b/c"));
  ASSERT_TRUE(make_directories(home.path + "/b")) << "is there already";
  for (const char* name : {"z", "a", "B"}) ASSERT_TRUE(write_file_atomically(home.path + "/" + name, ""));
  std::string names;
  const auto listed = list_directory(home.path);
  ASSERT_TRUE(listed);
  for (const auto& entry : *listed) names += entry.name + (entry.is_directory ? "/ " : " ");
  EXPECT_EQ(names, "B a b/ z ");
}

TEST(FileWatcher, GathersChangesOfOneSaveIntoOneCall) {
  const TemporaryDirectory home;
  ASSERT_TRUE(write_file_atomically(home.path + "/edited", "1"));
  ASSERT_TRUE(write_file_atomically(home.path + "/removed", "1"));
  auto loop = testing::make_loop();
  std::vector<std::vector<std::string>> calls;
  auto watcher =
      FileWatcher::start(*loop, {home.path}, [&](Instant, const auto& paths) { calls.push_back(paths); });
  ASSERT_TRUE(watcher) << watcher.error().text;
  ASSERT_TRUE(write_file_atomically(home.path + "/edited", "2"));
  ::unlink((home.path + "/removed").c_str());
  ASSERT_TRUE(testing::run_until(*loop, [&] { return !calls.empty(); }));
  ASSERT_EQ(calls.size(), 1u);
  const auto has = [&](const std::string& name) {
    return std::count(calls.back().begin(), calls.back().end(), home.path + "/" + name) == 1;
  };
  EXPECT_TRUE(has("edited"));
  EXPECT_TRUE(has("removed"));
  ASSERT_TRUE(write_file_atomically(home.path + "/new", "3"));
  ASSERT_TRUE(testing::run_until(*loop, [&] { return calls.size() == 2; }));
  EXPECT_TRUE(has("new"));
  watcher->reset();
  ASSERT_TRUE(write_file_atomically(home.path + "/unseen", "4"));
  for (int turn = 0; turn < 5; ++turn) loop->run_once(1ms);
  EXPECT_EQ(calls.size(), 2u);
}

TEST(FileWatcher, AMissingDirectoryIsAnError) {
  auto loop = testing::make_loop();
  auto watcher = FileWatcher::start(*loop, {"/nonexistent"}, [](Instant, const auto&) {});
  ASSERT_FALSE(watcher);
  EXPECT_NE(watcher.error().text.find("/nonexistent"), std::string::npos);
}

TEST(Clock, FormatsUtcWithMilliseconds) {
  EXPECT_EQ(iso8601({0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(iso8601({1'709'210'096'789'999'999}), "2024-02-29T12:34:56.789Z");
  EXPECT_EQ(iso8601({-1}), "1969-12-31T23:59:59.999Z");
  const Instant earlier = now();
  EXPECT_LE(earlier, now());
  EXPECT_GT(wall_now(), WallTime{1'700'000'000'000'000'000});
}

TEST(Entropy, UuidsAreVersionFourAndDiffer) {
  const std::string text = uuid_text(uuid_v4());
  ASSERT_EQ(text.size(), 36u);
  EXPECT_EQ(text[14], '4');
  EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
  EXPECT_NE(uuid_v4(), uuid_v4());
  EXPECT_NE(random_seed(), random_seed());
}

}  // namespace
}  // namespace marty::io
