#include "manifest/write.hpp"

#include <gtest/gtest.h>

#include "core/rng.hpp"
#include "manifest/yaml.hpp"

namespace marty::manifest {
namespace {

std::string shown(const Node& node) { return write_yaml(node); }

void expect_law(const Node& node) {
  Diagnostics found;
  const std::string text = shown(node);
  const auto back = parse_yaml(text, 0, found);
  ASSERT_TRUE(found.all().empty()) << found.all()[0].message << "\n" << text;
  ASSERT_EQ(back.size(), 1u) << text;
  EXPECT_TRUE(back[0] == node) << text << "---\n" << shown(back[0]);
}

TEST(Write, BlockStyleWithCommentsAsAPersonWouldWriteIt) {
  Node root = Node::mapping();
  root.comment("made by hand\n\nfor you");
  root.add("kind", Node::string("Service"));
  Node& spec = root.add("spec", Node::mapping()).comment("what it does");
  Node item = Node::mapping();
  item.comment("first");
  item.add("weight", Node::plain("90")).line_comment("percent");
  item.add("note", Node::string("two\nlines\n"));
  Node& list = spec.add("http", Node::sequence());
  list.add(std::move(item));
  list.add(Node::string("a: b"));
  spec.add("none", Node::mapping());
  spec.add("version", Node::string("1.30"));
  EXPECT_EQ(shown(root),
            "# made by hand\n#\n# for you\n"
            "kind: Service\n"
            "# what it does\n"
            "spec:\n"
            "  http:\n"
            "  # first\n"
            "  - weight: 90  # percent\n"
            "    note: |\n"
            "      two\n"
            "      lines\n"
            "  - \"a: b\"\n"
            "  none: {}\n"
            "  version: \"1.30\"\n");
  expect_law(root);
}

TEST(Write, OnlyTextsThatCouldBeMisreadAreQuoted) {
  for (const char* text :
       {"plain", "a b", "inbound|http|8080", "/api/v1", "30s", "127.0.0.1", "a:b", "x#y", "5%", "v1,v2"}) {
    EXPECT_EQ(shown(Node::string(text)), std::string(text) + "\n");
  }
  for (const char* text :
       {"",  "true", "No", "on", "y",     "null",       "~",    "1",  "1.5", "0x1", "a: b", "a #b", "@type",
        "*", "- a",  " a", "a ", "10:30", "2026-01-31", "key:", "{a", "<<",  "%x",  "---",  "..."}) {
    EXPECT_EQ(shown(Node::string(text))[0], '"') << text;
  }
}

TEST(Write, AnyTextComesBack) {
  std::vector<std::string> texts{"a\n",
                                 "a",
                                 "a\n\n",
                                 "\n",
                                 "\n\na",
                                 " a\nb",
                                 "a\n b\n",
                                 "\ta\nb",
                                 "a\t\nb  \n",
                                 "a\r\nb",
                                 "\x01",
                                 std::string("\0x", 2),
                                 "\xC2\x85",
                                 "\xE2\x80\xA8x\ny",
                                 "\xEF\xBB\xBF",
                                 "\xC3\xA9\n\xF0\x9F\x98\x80",
                                 "# a\nb",
                                 "--- a\nb",
                                 "a: b\nc: d\n",
                                 "\\\"'",
                                 std::string(5000, 'k')};
  Rng rng(11);
  const char alphabet[] = "ab \n\t:#-'\"\\[]{}|>&*!%@,0.\r?=~";
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (auto n = rng.below(12); n > 0; --n) text += alphabet[rng.below(sizeof(alphabet) - 1)];
    texts.push_back(text);
  }
  for (const auto& text : texts) {
    expect_law(Node::string(text));
    Node root = Node::mapping();
    root.add(text, Node::string(text));
    Node list = Node::sequence();
    list.add(Node::string(text));
    list.add(Node::sequence());
    list.add(root);
    root.add(text + "2", list);
    Node nested = Node::sequence();
    nested.add(list);
    root.add(text + "3", nested);
    expect_law(root);
    if (HasFatalFailure() || HasNonfatalFailure()) break;
  }
}

TEST(Write, DocumentsAreSeparatedAndHeaded) {
  Node a = Node::mapping();
  a.add("a", Node::plain("1"));
  const Node both[] = {a, a};
  EXPECT_EQ(write_documents("Generated.\nTwice.", both), "# Generated.\n# Twice.\na: 1\n---\na: 1\n");
}

TEST(WriteJson, EscapesAndLines) {
  Node root = Node::mapping();
  root.add("text", Node::string("a \"b\" \\ \n\t\x01 \xC3\xA9"));
  root.add("5", Node::string("5")).comment("not in JSON");
  root.add("five", Node::plain("5"));
  root.add("nothing", Node{});
  Node& list = root.add("list", Node::sequence());
  list.add(Node::mapping());
  list.add(Node::plain("true"));
  root.add("empty", Node::sequence());
  EXPECT_EQ(
      write_json(root),
      "{\"text\": \"a \\\"b\\\" \\\\ \\n\\t\\u0001 \xC3\xA9\", \"5\": \"5\", \"five\": 5, \"nothing\": null, "
      "\"list\": [{}, true], \"empty\": []}\n");
  root.add("long", Node::string(std::string(60, 'x')));
  const auto text = write_json(root);
  EXPECT_TRUE(text.starts_with("{\n  \"text\": ")) << text;
  EXPECT_NE(text.find("\n  \"list\": [{}, true],\n"), text.npos) << text;
  EXPECT_TRUE(text.ends_with("x\"\n}\n")) << text;
}

}  // namespace
}  // namespace marty::manifest
