#include "petstore/store.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "petstore/sqlite.hpp"

namespace marty::petstore {
namespace {

/// A directory of its own, gone with the test.
struct TemporaryDirectory {
  TemporaryDirectory() {
    char name[] = "/tmp/petstore-test-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
  std::string path;
};

std::unique_ptr<PetStore> open(const std::string& path) {
  auto store = open_sqlite_store(path);
  if (!store) ADD_FAILURE() << store.error().text;
  return std::move(*store);
}

class StoreContract : public testing::TestWithParam<std::string> {
 protected:
  StoreContract() : store(GetParam() == "memory" ? make_memory_store() : open(directory.path + "/pets.db")) {}
  std::vector<PetId> ids(const PageQuery& query) {
    std::vector<PetId> out;
    const Page page = *store->list(query);
    for (const Pet& pet : page.pets) out.push_back(pet.id);
    return out;
  }
  TemporaryDirectory directory;
  std::unique_ptr<PetStore> store;
};

TEST_P(StoreContract, KeepsWhatItIsGiven) {
  const PetFields odd{"Zo\xc3\xab 'x' ; --", PetStatus::kPending, {"a b", "c"}};
  const Pet pet = *store->add(odd);
  EXPECT_EQ(pet.fields, odd);
  EXPECT_EQ(**store->find(pet.id), pet);
  EXPECT_EQ(*store->find(pet.id + 1), std::nullopt);
}

TEST_P(StoreContract, IdsAreNeverGivenTwice) {
  const PetId first = store->add({.name = "a"})->id;
  ASSERT_TRUE(store->remove(first));
  EXPECT_GT(store->add({.name = "b"})->id, first);
  EXPECT_EQ(*store->put({900, {.name = "c"}}), Placed::kCreated);
  ASSERT_TRUE(store->remove(900));
  EXPECT_EQ(store->add({.name = "d"})->id, 901);
}

TEST_P(StoreContract, PutAndRemoveMayBeRepeated) {
  const Pet pet{5, {"Rex", PetStatus::kSold, {"t"}}};
  EXPECT_EQ(*store->put(pet), Placed::kCreated);
  EXPECT_EQ(*store->put(pet), Placed::kReplaced);
  EXPECT_EQ(**store->find(5), pet);
  EXPECT_TRUE(store->remove(5));
  EXPECT_TRUE(store->remove(5));
  EXPECT_EQ(*store->find(5), std::nullopt);
}

TEST_P(StoreContract, ChangeWritesOnlyWhenToldTo) {
  const Pet pet = *store->add({.name = "a"});
  const auto rename = [](Keep keep) { return [keep](Pet& p) { return p.fields.name = "b", keep; }; };
  EXPECT_EQ((*store->change(pet.id, rename(Keep::kNo)))->fields.name, "b");
  EXPECT_EQ((*store->find(pet.id))->fields.name, "a");
  EXPECT_EQ((*store->change(pet.id, rename(Keep::kYes)))->fields.name, "b");
  EXPECT_EQ((*store->find(pet.id))->fields.name, "b");
  EXPECT_EQ(*store->change(pet.id + 1, rename(Keep::kYes)), std::nullopt);
}

TEST_P(StoreContract, PagesAndCounts) {
  for (PetId id = 1; id <= 6; ++id) ASSERT_TRUE(store->put({id, {"p", kPetStatuses[id % 3], {}}}));
  EXPECT_EQ(ids({.limit = 4}), (std::vector<PetId>{1, 2, 3, 4}));
  EXPECT_EQ(ids({.limit = 4, .offset = 4}), (std::vector<PetId>{5, 6}));
  EXPECT_EQ(ids({.limit = 4, .offset = 6}), (std::vector<PetId>{}));
  EXPECT_EQ(ids({.status = PetStatus::kPending}), (std::vector<PetId>{1, 4}));
  EXPECT_EQ(ids({.status = PetStatus::kPending, .limit = 1, .offset = 1}), (std::vector<PetId>{4}));
  EXPECT_EQ(store->list({.status = PetStatus::kSold, .limit = 1})->total, 2);
  EXPECT_EQ(store->list({.limit = 1})->total, 6);
  EXPECT_EQ(*store->count(), (PetCounts{2, 2, 2}));
}

TEST_P(StoreContract, SeedsOnlyAnEmptyStore) {
  ASSERT_TRUE(seed(*store));
  const std::int64_t seeded = store->list({})->total;
  EXPECT_GT(seeded, 0);
  ASSERT_TRUE(store->remove(1));
  ASSERT_TRUE(seed(*store));
  EXPECT_EQ(store->list({})->total, seeded - 1);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract, testing::Values("memory", "sqlite"),
                         [](const auto& instance) { return instance.param; });

TEST(SqliteStore, IsThereAfterReopening) {
  const TemporaryDirectory directory;
  const Pet pet = *open(directory.path + "/pets.db")->add({"Rex", PetStatus::kSold, {"a", "b"}});
  EXPECT_EQ(**open(directory.path + "/pets.db")->find(pet.id), pet);
}

TEST(SqliteStore, OldSchemasAreBroughtUpToDate) {
  const TemporaryDirectory directory;
  {
    auto old = Database::open(directory.path + "/pets.db");
    ASSERT_TRUE(
        old->execute("CREATE TABLE pets (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,"
                     " status TEXT NOT NULL, tags TEXT NOT NULL) STRICT;"
                     "INSERT INTO pets (name, status, tags) VALUES ('Old', 'sold', 'x');"
                     "PRAGMA user_version = 1"));
  }
  EXPECT_EQ((*open(directory.path + "/pets.db")->find(1))->fields.name, "Old");
  EXPECT_EQ(*Database::open(directory.path + "/pets.db")->number("PRAGMA user_version"), 2);
}

TEST(SqliteStore, RefusesWhatItCannotUse) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(Database::open(directory.path + "/newer")->execute("PRAGMA user_version = 99"));
  ASSERT_TRUE(std::filesystem::create_directory(directory.path + "/folder"));
  for (const char* name : {"/newer", "/folder", "/nowhere/pets.db"}) {
    auto store = open_sqlite_store(directory.path + name);
    ASSERT_FALSE(store) << name;
    EXPECT_NE(store.error().text.find(directory.path + name), std::string::npos);
    EXPECT_FALSE(store.error().next.empty());
  }
}

/// Runs `body` in a child process and returns its id; the child never comes back.
template <class Body>
pid_t in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(0);
  }
  return child;
}

TEST(SqliteStore, WhatWasAcknowledgedSurvivesAKill) {
  const TemporaryDirectory directory;
  int acknowledged[2];
  ASSERT_EQ(::pipe(acknowledged), 0);
  const pid_t writer = in_child([&] {
    auto store = open(directory.path + "/pets.db");
    for (;;) {
      const PetId id = store->add({.name = "a pet", .tags = {"t"}})->id;
      if (::write(acknowledged[1], &id, sizeof id) != sizeof id) ::_exit(1);
    }
  });
  ::close(acknowledged[1]);
  PetId last = 0;
  for (int i = 0; i < 300; ++i)
    ASSERT_EQ(::read(acknowledged[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
  ::kill(writer, SIGKILL);
  ::waitpid(writer, nullptr, 0);
  for (PetId id = 0; ::read(acknowledged[0], &id, sizeof id) == static_cast<ssize_t>(sizeof id);) last = id;
  ::close(acknowledged[0]);

  auto store = open(directory.path + "/pets.db");
  for (PetId id = 1; id <= last; ++id) ASSERT_TRUE(*store->find(id)) << id;
  EXPECT_LE(store->list({})->total, last + 1) << "at most the one in flight beyond";
  auto database = Database::open(directory.path + "/pets.db");
  auto check = database->prepare("PRAGMA integrity_check");
  ASSERT_TRUE(check->step());
  EXPECT_EQ(check->text(0), "ok");
}

TEST(SqliteStore, ManyProcessesShareOneFile) {
  const TemporaryDirectory directory;
  constexpr int kProcesses = 4, kPetsEach = 25;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    children.push_back(in_child([&] {
      auto store = open_sqlite_store(directory.path + "/pets.db");
      if (!store) ::_exit(1);
      for (int pet = 0; pet < kPetsEach; ++pet) {
        if (!(*store)->add({.name = "x"})) ::_exit(2);
      }
    }));
  }
  for (pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  EXPECT_EQ(open(directory.path + "/pets.db")->list({})->total, kProcesses * kPetsEach);
}

TEST(SqliteStore, AFullDiskIsAnErrorAndLosesNothing) {
  const TemporaryDirectory directory;
  int kept[2];
  ASSERT_EQ(::pipe(kept), 0);
  const pid_t child = in_child([&] {
    // No file may grow beyond this: the nearest thing to a full disk a test can make without being root.
    const rlimit small{.rlim_cur = 256 * 1024, .rlim_max = 256 * 1024};
    ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &small);
    auto store = open(directory.path + "/pets.db");
    std::int64_t count = 0;
    while (count < 100'000 && store->add({.name = std::string(kNameBytesMax, 'x')})) ++count;
    if (store->list({})->total != count || count == 0 || count == 100'000) ::_exit(1);
    [[maybe_unused]] const ssize_t written = ::write(kept[1], &count, sizeof count);
  });
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ::close(kept[1]);
  std::int64_t count = 0;
  EXPECT_EQ(::read(kept[0], &count, sizeof count), static_cast<ssize_t>(sizeof count));
  ::close(kept[0]);
  EXPECT_EQ(open(directory.path + "/pets.db")->list({})->total, count);
}

}  // namespace
}  // namespace marty::petstore
