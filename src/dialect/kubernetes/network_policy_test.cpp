#include "dialect/kubernetes/network_policy.hpp"

#include <gtest/gtest.h>

#include "manifest/write.hpp"
#include "manifest/yaml.hpp"

namespace marty::dialect::kubernetes {
namespace {

NetworkPolicy read(const std::string& text, Diagnostics& found) {
  NetworkPolicy policy;
  const auto documents = manifest::parse_yaml(text, 0, found);
  manifest::decode(documents.at(0), policy, {}, found);
  return policy;
}

TEST(NetworkPolicy, WrittenAndReadAgainItIsTheSame) {
  const std::string text =
      "podSelector: {}\n"
      "policyTypes:\n"
      "- Ingress\n"
      "- Egress\n"
      "ingress:\n"
      "- from:\n"
      "  - namespaceSelector:\n"
      "      matchExpressions:\n"
      "      - key: kubernetes.io/metadata.name\n"
      "        operator: In\n"
      "        values:\n"
      "        - shop\n"
      "    podSelector:\n"
      "      matchLabels:\n"
      "        app: till\n"
      "  - ipBlock:\n"
      "      cidr: 10.0.0.0/8\n"
      "      except:\n"
      "      - 10.1.0.0/16\n"
      "  ports:\n"
      "  - port: http\n"
      "  - port: 8000\n"
      "    endPort: 8010\n"
      "- {}\n"
      "egress: []\n";
  Diagnostics found;
  const auto policy = read(text, found);
  for (const auto& finding : found.all()) ADD_FAILURE() << finding.message;
  EXPECT_EQ(manifest::write_yaml(manifest::encode(policy)), text);
}

struct Wrong {
  const char *text, *rule, *message;
};

TEST(NetworkPolicy, WrongOnesAreReported) {
  const Wrong table[] = {
      {"ingress: [{from: [{}]}]", "missing-field", "needs podSelector"},
      {"ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]", "conflicting-fields",
       "not both"},
      {"ingress: [{from: [{ipBlock: {cidr: 10.0.0.1}}]}]", "invalid-value", "10.0.0.1/32"},
      {"ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]", "invalid-value",
       "not a part"},
      {"ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]", "invalid-value",
       "not a part"},
      {"egress: [{ports: [{port: http, endPort: 9}]}]", "conflicting-fields", "numeric"},
      {"egress: [{ports: [{port: 10, endPort: 9}]}]", "out-of-range", "empty"},
      {"egress: [{ports: [{protocol: Tcp}]}]", "unknown-value", "TCP"},
      {"ingress: [{form: []}]", "unknown-field", "form"},
      {"podSelector: {matchExpressions: [{key: a, operator: In}]}", "invalid-value", "at least one value"},
      {"podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}", "invalid-value",
       "no values"},
  };
  for (const Wrong& wrong : table) {
    Diagnostics found;
    read(wrong.text, found);
    ASSERT_EQ(found.all().size(), 1u) << wrong.text;
    EXPECT_EQ(found.all()[0].rule, wrong.rule) << wrong.text;
    EXPECT_NE(found.all()[0].message.find(wrong.message), std::string::npos) << found.all()[0].message;
    EXPECT_TRUE(found.all()[0].where.begin.known()) << wrong.text;
  }
}

TEST(LabelSelector, AllConditionsMustHold) {
  LabelSelector selector;
  selector.match_labels = {{"app", "shop"}};
  const mesh::Labels till{{"app", "shop"}, {"part", "till"}}, shelf{{"app", "shop"}};
  EXPECT_TRUE(selects({}, {}));
  EXPECT_TRUE(selects(selector, shelf));
  using Op = LabelSelector::Operator;
  const auto with = [&](Op op, TextList values) {
    auto copy = selector;
    copy.match_expressions.push_back({{"part"}, {op}, std::move(values), {}});
    return std::pair(selects(copy, till), selects(copy, shelf));
  };
  EXPECT_EQ(with(Op::kIn, {{"till"}, {"door"}}), std::pair(true, false));
  EXPECT_EQ(with(Op::kNotIn, {{"till"}}), std::pair(false, true));
  EXPECT_EQ(with(Op::kExists, {}), std::pair(true, false));
  EXPECT_EQ(with(Op::kDoesNotExist, {}), std::pair(false, true));
}

}  // namespace
}  // namespace marty::dialect::kubernetes
