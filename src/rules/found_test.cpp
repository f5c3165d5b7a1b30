#include "rules/found.hpp"

#include <gtest/gtest.h>

#include "manifest/yaml.hpp"

namespace marty::rules {
namespace {

class FoundTest : public testing::Test {
 protected:
  /// "number of the object, path = text" of every place, in order.
  std::vector<std::string> seen(std::initializer_list<Way> ways) {
    std::vector<std::string> out;
    each(all_, ways, [&](const Node* object, const Place& place) {
      out.push_back(fmt::format("{} {} = {}", object - documents_.data(), place.path, place.node.text));
    });
    return out;
  }

  FoundTest() {
    Diagnostics none;
    documents_ = manifest::parse_yaml(
        "spec: {http: [{host: a}, {port: 1}, {host: b}], labels: {x: 1, y: 2}}\n---\n"
        "spec: {labels: text}\n---\n"
        "spec: {http: [{host: c}], name: n}\n",
        0, none);
    for (const auto& document : documents_) all_.list().push_back(&document);
    all_.index([](const Node* object) -> const Node& { return *object; });
  }

  std::vector<Node> documents_;
  Listed<const Node*> all_;
};

using Seen = std::vector<std::string>;

TEST_F(FoundTest, FollowsAWayInEveryObject) {
  EXPECT_EQ(seen({"spec.http[].host"}),
            (Seen{"0 spec.http[0].host = a", "0 spec.http[2].host = b", "2 spec.http[0].host = c"}));
  EXPECT_EQ(seen({"spec.labels{}"}), (Seen{"0 spec.labels.x = 1", "0 spec.labels.y = 2"}));
  EXPECT_EQ(seen({"spec.labels.x"}), Seen{"0 spec.labels.x = 1"});
  EXPECT_EQ(seen({"spec.nothing[].host"}), Seen{});
}

TEST_F(FoundTest, GoesObjectByObjectAndInEachWayByWay) {
  const Seen wanted{"0 spec.labels.y = 2", "0 spec.http[0].host = a", "0 spec.http[2].host = b",
                    "2 spec.http[0].host = c", "2 spec.name = n"};
  EXPECT_EQ(seen({"spec.labels.y", "spec.http[].host", "spec.name"}), wanted);
  EXPECT_EQ(seen({"spec.labels.y", "spec.http[].host", "spec.name"}), wanted) << "asked a second time";
}

TEST_F(FoundTest, TellsWhetherThereIsAny) {
  EXPECT_TRUE(any(all_, {"spec.none", "spec.name"}));
  EXPECT_FALSE(any(all_, {"spec.none", "spec.labels[]"}));
  EXPECT_FALSE(any(Listed<const Node*>(), {"spec.name"}));
}

}  // namespace
}  // namespace marty::rules
