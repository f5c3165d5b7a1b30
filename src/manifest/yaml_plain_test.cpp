#include "manifest/yaml_plain.hpp"
#include "manifest/yaml.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "core/rng.hpp"

/// The quick reader against libyaml: what the first one accepts, the other reads the same, to the column.
namespace marty::manifest {
namespace {

std::string shown(const Node& node, int depth = 0) {
  std::string out =
      fmt::format("{}{}:{}+{} kind {} text {} '{}'\n", std::string(static_cast<std::size_t>(depth), ' '),
                  node.origin.line, node.origin.column, node.length, static_cast<int>(node.kind),
                  node.is_text, node.text);
  for (const Node& child : node.children) out += shown(child, depth + 1);
  return out;
}

/// True when the quick reader took it; then both must agree.
bool agree(std::string_view text) {
  Node plain;
  const auto taken = PlainReader().read(text, 7, 3, plain);
  if (taken.bytes == 0) return false;
  text = text.substr(0, taken.bytes);
  Diagnostics found;
  std::vector<Node> documents;
  EXPECT_TRUE(read_any_document(text, 7, 3, found, documents)) << "libyaml refuses:\n" << text;
  EXPECT_TRUE(found.all().empty()) << text;
  EXPECT_EQ(documents.size(), 1u) << text;
  if (!documents.empty()) {
    EXPECT_EQ(shown(plain), shown(documents[0])) << text;
  }
  return true;
}

TEST(YamlPlain, TakesWhatManifestsAreMadeOf) {
  for (const char* text : {
           "a: 1\n",
           "a: 1",
           "--- # head\n# more\na: b # c\n\n\n# end\n",
           "a:\n  b:\n    c: d\n  e: f\n",
           "a:\n- b\n- c\nd:\n  - e\n  -   f\n",
           "- a: 1\n  b: 2\n- - c\n  - d\n-\n  e: f\n-\n- g\n",
           "- a:\n  - b: c\n    d: e\n  f: ~\n",
           "a:\nb: null\nc: ''\nd: \"\"\ne: ~\n",
           "a: 'it''s'\nb: \"x\\n\\\"y\\\" \\\\ z\"\n\"c d\": e\n'f': g\n",
           "a: {b: c, d: [1, 2, {e: f}], g: {}}\nh: []\ni: [a b, c: d]\n",
           "{\n  \"a\": [1, 2,\n   3\n  ],\n  \"b\": {\"c\": true\n}\n}\n",
           "a: http://x:80/y#z\nb: c:d\nc: -1\nd: ?x\ne: :y\nf: a, b [c] {d}\n",
           "a: |\n  one\n   two\n\n  three\nb: |-\n  x\n\n\nc: |+\n  y\n\n\nd: e\n",
           "a:\n  - |\n    x: y\n    # no comment\n  - z\n",
           "a: |\n\n  after a blank\n",
           "a: |   # said\n  x\n",
           "a: b\n  \n   # deeper comment\nc: d\n",
           "a: 0x1F\nb: 1_000\nc: 1.5\nd: yes\ne: 2001-01-01\n",
           "args: [\"--listen=:8080\", '--x']\n",
       }) {
    const bool is_pair = std::string_view(text).find("c: d]") != std::string_view::npos;
    EXPECT_EQ(agree(text), !is_pair) << text;
  }
}

TEST(YamlPlain, LeavesTheRestToLibyaml) {
  for (const char* text : {
           "",
           "a",
           "a: &x 1\nb: *x\n",
           "a: !!str 1\n",
           "<<: {a: b}\n",
           "a: b\na: c\n",
           "? a\n: b\n",
           "a: b\n  c\n",
           "a: >\n  b\n",
           "a: |2\n   b\n",
           "a:\tb\n",
           "a: b\r\n",
           "a: \xC3\xA4\n",
           "a: 'b\n  c'\n",
           "a: b: c\n",
           "a: [1, 2\n",
           "a: 'b\n",
           "a:\n  - b\n c: d\n",
           "a: b\n...\n",
           "%YAML 1.1\n---\na: b\n",
           "a: @b\n",
           "a: [b\n  c]\n",
           "a: {b, c}\n",
           "a: \"\\u00e4\"\n",
           "~: a\n",
           "a: |\n  b",
           "a: |\nb: c\n",
           "a: [x, # c\n y]\n",
       }) {
    Node ignored;
    EXPECT_EQ(PlainReader().read(text, 1, 0, ignored).bytes, 0u) << text;
  }
}

std::vector<std::string> corpus() {
  std::vector<std::string> texts;
  for (const char* path : {"plugins/petstore_domain/mesh.yaml", "plugins/petstore_domain/local.yaml",
                           "plugins/petstore_domain/k8s/overlays/service-mesh-istio/istio-policies.yaml",
                           "schemas/smi.json", "bench/manifests-pair/traffic.yaml"}) {
    std::ifstream in(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), {});
    for (std::size_t at = 0; at < text.size();) {  // documents
      const auto end = std::min(text.find("\n---", at), text.size() - 1) + 1;
      texts.push_back(text.substr(at, end - at));
      at = end;
    }
  }
  return texts;
}

TEST(YamlPlain, OurOwnFiles) {
  std::size_t taken = 0;
  for (const auto& text : corpus()) taken += agree(text);
  EXPECT_GE(taken, 5u);
}

/// Real documents with a few bytes changed, inserted, taken out or moved, lines too: mostly still YAML.
TEST(YamlPlain, MutatedFiles) {
  constexpr std::string_view kBytes = "  \n\n:-#'\"|>[]{},&*!?~ab1.\\%@`<";
  Rng rng(20261123);
  std::size_t taken = 0;
  const auto texts = corpus();
  for (int round = 0; round < 30'000; ++round) {
    std::string text = texts[rng.below(texts.size())];
    if (text.size() > 1500) {
      const auto from = text.find('\n', rng.below(text.size() - 1000));
      text = from == text.npos ? text.substr(0, 1000) : text.substr(from + 1, 1000);
    }
    for (auto edits = rng.below(4); edits-- > 0 && !text.empty();) {
      const auto at = rng.below(text.size());
      const char byte = kBytes[rng.below(kBytes.size())];
      switch (rng.below(4)) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, rng.below(3) + 1, byte);
          break;
        case 2:
          text.erase(at, rng.below(4) + 1);
          break;
        default:
          text.insert(at, text.substr(rng.below(text.size()), rng.below(12)));
      }
    }
    taken += agree(text);
    if (HasFailure()) break;
  }
  EXPECT_GT(taken, 3'000u);
}

TEST(YamlPlain, StopsAtTheNextDocument) {
  for (const std::string rest : {"---\nc: d\n", "---\tx\n", "--- |\n x\n", "---"}) {
    for (const std::string first : {"a: b\n", "---\na: |\n  b\n\n", "{a: b}\n\n", "a:\n- b # c\n", "a:\n"}) {
      Node out;
      const auto lines = std::count(first.begin(), first.end(), '\n');
      const auto taken = PlainReader().read(first + rest, 1, 0, out);
      EXPECT_EQ(taken.bytes, first.size()) << first << rest;
      EXPECT_EQ(taken.lines, lines) << first << rest;
    }
  }
  for (const char* text : {"a: [b,\n---\n]\n", "[b,\n...\n]\n", "a: 'b\n---\n'\n"}) {
    Node ignored;
    EXPECT_EQ(PlainReader().read(text, 1, 0, ignored).bytes, 0u) << text;
  }
}

TEST(YamlPlain, ReadsADocumentWithManyValues) {
  std::string text;
  for (int i = 0; i < 1'100'000; ++i) text += "-\n";
  EXPECT_TRUE(agree(text));
}

}  // namespace
}  // namespace marty::manifest
