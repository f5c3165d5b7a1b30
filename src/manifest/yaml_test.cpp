#include "manifest/yaml.hpp"

#include <gtest/gtest.h>

#include "manifest/write.hpp"

namespace marty::manifest {
namespace {

struct Read {
  std::vector<Node> documents;
  Diagnostics found;
};
Read read(std::string_view text) {
  Read r;
  r.documents = parse_yaml(text, 3, r.found);
  return r;
}

Node one(std::string_view text) {
  Read r = read(text);
  EXPECT_TRUE(r.found.all().empty()) << r.found.all().front().message;
  EXPECT_EQ(r.documents.size(), 1u);
  return r.documents.empty() ? Node{} : std::move(r.documents[0]);
}

TEST(Yaml, EveryNodeKnowsItsPlace) {
  const Node root = one("spec:\n  hosts: [a, \"b\"]\n  http:\n  - weight: 90\n");
  const Node* hosts = root.find("spec")->find("hosts");
  EXPECT_EQ(hosts->origin, (Origin{2, 10, 3}));
  EXPECT_EQ(hosts->length, 8);
  EXPECT_EQ(hosts->children[1].origin, (Origin{2, 14, 3}));
  EXPECT_EQ(hosts->children[1].length, 3);
  EXPECT_TRUE(hosts->children[1].is_text);
  const Node& weight = *root.find("spec")->find("http")->children[0].find("weight");
  EXPECT_EQ(weight.origin, (Origin{4, 13, 3}));
  EXPECT_EQ(weight.length, 2);
  EXPECT_EQ(root.find("spec")->entry(1).key.origin, (Origin{3, 3, 3}));
}

TEST(Yaml, PlainScalarsAreTypedAsKubernetesDoes) {
  const std::pair<const char*, ScalarType> table[] = {
      {"", ScalarType::kNull},        {"~", ScalarType::kNull},       {"null", ScalarType::kNull},
      {"true", ScalarType::kBool},    {"Yes", ScalarType::kBool},     {"on", ScalarType::kBool},
      {"OFF", ScalarType::kBool},     {"y", ScalarType::kString},     {"n", ScalarType::kString},
      {"tRue", ScalarType::kString},  {"0", ScalarType::kInteger},    {"-12", ScalarType::kInteger},
      {"0x1F", ScalarType::kInteger}, {"0o17", ScalarType::kInteger}, {"1_000", ScalarType::kInteger},
      {"1.5", ScalarType::kNumber},   {"1e3", ScalarType::kNumber},   {".5", ScalarType::kNumber},
      {".inf", ScalarType::kNumber},  {"1.30", ScalarType::kNumber},  {"30s", ScalarType::kString},
      {"1.2.3", ScalarType::kString}, {"-", ScalarType::kString},     {"0x", ScalarType::kString},
      {"5%", ScalarType::kString},    {"1e", ScalarType::kString},    {".", ScalarType::kString},
      {"v1", ScalarType::kString},    {"-.5", ScalarType::kNumber},   {"_1", ScalarType::kString},
  };
  for (const auto& [text, type] : table) EXPECT_EQ(plain_type(text), type) << text;
}

TEST(Yaml, SeveralDocumentsWindowsLinesAndByteOrderMark) {
  const Read r = read("\xEF\xBB\xBF# head\r\na: 1\r\n---\r\n---\r\nb: |\r\n  x\r\n...\r\n--- {c: 3}\r\n");
  EXPECT_TRUE(r.found.all().empty());
  ASSERT_EQ(r.documents.size(), 3u);
  EXPECT_EQ(r.documents[0].find("a")->origin, (Origin{2, 4, 3}));
  EXPECT_EQ(r.documents[1].find("b")->text, "x\n");
  EXPECT_EQ(r.documents[2].find("c")->origin, (Origin{8, 9, 3}));
}

TEST(Yaml, JsonIsYaml) {
  const Node root = one("{\"a\": [1, true, null, \"x\\u00e9\"]}");
  ASSERT_EQ(root.find("a")->size(), 4u);
  EXPECT_EQ(root.find("a")->children[3].text, "x\xC3\xA9");
  EXPECT_TRUE(root.find("a")->children[2].is_null());
}

TEST(Yaml, AliasesAndMergesKeepThePlaceOfTheAnchoredText) {
  const Node root =
      one("base: &b {x: 1, y: 2}\nother: &o\n  y: 3\n  z: 4\nuse:\n  <<: [*b, *o]\n  x: 9\nagain: *b\n");
  const Node* use = root.find("use");
  EXPECT_EQ(use->find("x")->text, "9");
  EXPECT_EQ(use->find("y")->text, "2");
  EXPECT_EQ(use->find("y")->origin, (Origin{1, 20, 3}));
  EXPECT_EQ(use->find("z")->text, "4");
  EXPECT_EQ(*root.find("again"), *root.find("base"));
  EXPECT_EQ(one("\"<<\": 1\n").find("<<")->text, "1");
}

TEST(Yaml, DuplicateKeysAreReportedAndTheLastOneCounts) {
  const Read r = read("a: 1\nb: 2\na: 3\n");
  ASSERT_EQ(r.found.all().size(), 1u);
  const Diagnostic& d = r.found.all()[0];
  EXPECT_EQ(d.rule, "duplicate-key");
  EXPECT_EQ(d.where.begin, (Origin{3, 1, 3}));
  EXPECT_EQ(d.notes.at(0).where.begin, (Origin{1, 1, 3}));
  EXPECT_EQ(r.documents[0].find("a")->text, "3");
  EXPECT_EQ(r.documents[0].size(), 2u);
}

struct Hostile {
  const char* what;
  std::string text, rule, message;
  Origin place;
};

TEST(Yaml, HostileInputIsReportedWithItsPlace) {
  using namespace std::string_literals;
  std::string deep(5000, '['), bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j ? ", *a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  const Hostile table[] = {
      {"tab", "a:\n\tb: 1\n", "yaml-syntax", "tab", {2, 1, 3}},
      {"nul", "a: b\nc: d\0e\n"s, "yaml-syntax", "control character", {2, 5, 3}},
      {"utf8", "a: \xC3\xA9\nb: \xC3(\n", "yaml-syntax", "not UTF-8", {2, 5, 3}},
      {"utf16", "\xFF\xFE"s + "a\0:\0"s, "yaml-syntax", "UTF-16", {1, 1, 3}},
      {"open quote", "a: \"b\nc: d\n", "yaml-syntax", "never closed", {3, 1, 3}},
      {"colon", "a: b: c\n", "yaml-syntax", "a ':' here", {1, 5, 3}},
      {"indent", "a:\n  b: 1\n c: 2\n", "yaml-syntax", "expected a key", {3, 2, 3}},
      {"no colon", "a: 1\nbcd\ne: 2\n", "yaml-syntax", "no ':' after this key", {3, 1, 3}},
      {"flow", "a: [1, 2\nb: 3\n", "yaml-syntax", "expected ',' or ']'", {2, 2, 3}},
      {"at sign", "a: @b\n", "yaml-syntax", "cannot begin with '@'", {1, 4, 3}},
      {"template", "a: {{ .Values.x }}\n", "yaml-syntax", "a key must be a text", {1, 5, 3}},
      {"no anchor", "a: *b\n", "yaml-syntax", "no anchor '&b'", {1, 4, 3}},
      {"own anchor", "a: &b [*b]\n", "yaml-syntax", "inside its own anchor", {1, 8, 3}},
      {"tag", "a: !foo b\n", "yaml-syntax", "means nothing", {1, 4, 3}},
      {"merge", "a: {<<: 5}\n", "yaml-syntax", "merges mappings", {1, 9, 3}},
      {"deep", deep, "yaml-limit", "deeper than 100", {1, 101, 3}},
      {"bomb", bomb, "yaml-limit", "grow to more than", {7, 0, 0}},
  };
  for (const Hostile& h : table) {
    const Read r = read(h.text);
    ASSERT_EQ(r.found.all().size(), 1u) << h.what;
    const Diagnostic& d = r.found.all()[0];
    EXPECT_EQ(d.rule, h.rule) << h.what;
    EXPECT_NE(d.message.find(h.message), std::string::npos) << h.what << ": " << d.message;
    EXPECT_TRUE(r.documents.empty()) << h.what;
    if (h.place.column == 0) continue;
    EXPECT_EQ(d.where.begin.line, h.place.line) << h.what;
    EXPECT_EQ(d.where.begin.column, h.place.column) << h.what;
  }
}

TEST(Yaml, ABrokenDocumentLeavesItsNeighboursAlone) {
  const Read r = read("a: 1\n---\nb: [\n---\nc: 3\n");
  ASSERT_EQ(r.documents.size(), 2u);
  EXPECT_EQ(r.documents[1].find("c")->origin.line, 5u);
  ASSERT_EQ(r.found.all().size(), 1u);
  EXPECT_FALSE(r.found.all()[0].notes.empty());
}

TEST(Yaml, ManyBrokenDocumentsAreReportedOnlySoOften) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "---\n[\n";
  EXPECT_LE(read(text).found.all().size(), 102u);
}

TEST(Yaml, ALineOfTenMegabytesIsJustLong) {
  const Node root = one("a: " + std::string(10'000'000, 'x') + "\n");
  EXPECT_EQ(root.find("a")->text.size(), 10'000'000u);
}

TEST(Yaml, ManyKeysCostNoMoreThanTheirNumber) {
  std::string base = "a: &a\n", twice = "d:\n";
  for (int i = 0; i < 100'000; ++i) base += "  k" + std::to_string(i) + ": 1\n";
  for (int i = 0; i < 100'000; ++i) twice += "  k" + std::to_string(i % 50'000) + ": 1\n";
  const Read r = read(base + "b:\n  <<: *a\n  k5: 2\n" + twice);
  EXPECT_EQ(r.documents.at(0).find("b")->size(), 100'000u);
  EXPECT_EQ(r.documents.at(0).find("b")->find("k5")->text, "2");
  EXPECT_EQ(r.documents.at(0).find("d")->size(), 50'000u);
  EXPECT_EQ(r.found.all().size(), 20u);
}

TEST(Yaml, TextThroughAliasesIsBounded) {
  std::string text = "a: &a " + std::string(1'000'000, 'x') + "\nb: [";
  for (int i = 0; i < 1000; ++i) text += "*a,";
  const Read r = read(text + "]\n");
  ASSERT_EQ(r.found.all().size(), 1u);
  EXPECT_EQ(r.found.all()[0].rule, "yaml-limit");
}

}  // namespace
}  // namespace marty::manifest
