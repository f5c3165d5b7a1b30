#include "manifest/fields.hpp"

#include <gtest/gtest.h>

#include "manifest/duration.hpp"
#include "manifest/resource.hpp"
#include "manifest/write.hpp"
#include "manifest/yaml.hpp"

namespace marty::manifest {

enum class Mode { kUnset, kStrict, kPermissive };

struct Inner {
  Sourced<std::uint32_t> errors{5};
  std::optional<Sourced<Duration>> interval;
  std::optional<Sourced<double>> percent;
  Sourced<Mode> mode{Mode::kUnset};
  Origin origin;
  bool operator==(const Inner& o) const {
    return errors == o.errors && interval == o.interval && percent == o.percent && mode == o.mode;
  }
};
struct Outer {
  static constexpr const char* kKind = "Outer";
  Sourced<std::string> host;
  std::optional<Inner> detection;
  std::vector<Inner> steps;
  std::vector<Sourced<std::string>> names;
  std::map<std::string, std::string> labels;
  std::vector<std::pair<Sourced<std::string>, Sourced<std::uint32_t>>> split;
  std::optional<std::vector<Inner>> rules;
  Sourced<bool> on{false};
  IntOrString port;
  Node raw;
  bool operator==(const Outer&) const = default;
};

std::span<const Spelling> spellings(Tag<Mode>) {
  static constexpr Spelling kAll[] = {spell("UNSET", Mode::kUnset), spell("STRICT", Mode::kStrict),
                                      spell("PERMISSIVE", Mode::kPermissive)};
  return kAll;
}
const Table& fields(Tag<Inner>) {
  static const Fields<Inner> table{
      "Inner",
      {field("consecutiveErrors", &Inner::errors, range(0, 100), "errors in a row"),
       field("interval", &Inner::interval, kIstioDuration),
       field("percent", &Inner::percent, range(0, 100), OneOf{"how"}),
       field("mode", &Inner::mode, OneOf{"how"})}};
  return table;
}
bool short_name(std::string_view text) { return text.size() < 10; }
const Table& fields(Tag<Outer>) {
  static const Fields<Outer> table{
      "Outer",
      {field("host", &Outer::host, kRequired, Wants{short_name, "a short name"}),
       field("outlierDetection", &Outer::detection), field("steps", &Outer::steps),
       field("names", &Outer::names, Wants{short_name, "a short name"}), field("labels", &Outer::labels),
       field("split", &Outer::split, range(0, 100)), field("rules", &Outer::rules), field("on", &Outer::on),
       field("port", &Outer::port, range(1, 65535)), field("raw", &Outer::raw), ignored("unused")},
      [](const Outer& o, const Node& node, Reader& reader) {
        if (o.steps.size() > 2) reader.error("too-many", node.range(), "too many steps");
      }};
  return table;
}

namespace {

struct Decoded {
  Outer outer;
  Diagnostics found;
};

Decoded decoded(std::string_view spec) {
  Decoded d;
  const auto documents = parse_yaml(spec, 0, d.found);
  EXPECT_EQ(documents.size(), 1u);
  decode(documents.at(0), d.outer, {"v1", "Outer", "ns", "x"}, d.found);
  return d;
}

TEST(Fields, EveryValueCarriesItsPlace) {
  const auto d = decoded(
      "host: a\noutlierDetection:\n  consecutiveErrors: 3\n  interval: 1m30s\nsplit: {v1: 90, v2: 10}\nport: "
      "http\non: yes\n"
      "labels: {app: x}\nrules: []\nraw: {a: [1]}\nunused: 1\nnames: [p, q]\n");
  ASSERT_TRUE(d.found.all().empty()) << d.found.all()[0].message;
  EXPECT_EQ(d.outer.host.origin, (Origin{1, 7, 0}));
  EXPECT_EQ(*d.outer.detection->errors, 3u);
  EXPECT_EQ(d.outer.detection->errors.origin, (Origin{3, 22, 0}));
  EXPECT_EQ(**d.outer.detection->interval, 90s);
  EXPECT_EQ(d.outer.detection->origin, (Origin{3, 3, 0}));
  ASSERT_EQ(d.outer.split.size(), 2u);
  EXPECT_EQ(*d.outer.split[0].first, "v1");
  EXPECT_EQ(d.outer.split[0].first.origin, (Origin{5, 9, 0}));
  EXPECT_EQ(d.outer.port.text, "http");
  EXPECT_TRUE(*d.outer.on);
  EXPECT_TRUE(d.outer.rules && d.outer.rules->empty());
  EXPECT_EQ(d.outer.names.size(), 2u);
}

TEST(Fields, DecodingWhatWasEncodedGivesTheSame) {
  const char* cases[] = {
      "host: a\n",
      "host: a\nrules: []\nlabels: {canary: \"true\"}\nraw: {x: [1, two]}\n",
      "host: a\nrules: [{}]\nsteps:\n- consecutiveErrors: 5\n- {interval: 500ms, percent: 0.5}\n",
      "host: a\nnames: [\"true\", \"5\"]\nsplit: {v2: 10, v1: 90}\non: false\nport: 8080\noutlierDetection: "
      "{mode: STRICT}\n",
  };
  for (const char* text : cases) {
    const auto d = decoded(text);
    ASSERT_TRUE(d.found.all().empty()) << text << d.found.all()[0].message;
    const std::string written = write_yaml(encode(d.outer));
    const auto again = decoded(written);
    EXPECT_TRUE(again.found.all().empty()) << written;
    EXPECT_TRUE(again.outer == d.outer) << written;
    EXPECT_EQ(write_yaml(encode(again.outer)), written);
  }
}

TEST(Fields, WrittenDefaultsStayWrittenAndOthersAreLeftOut) {
  EXPECT_EQ(write_yaml(encode(decoded("host: a\noutlierDetection: {consecutiveErrors: 5}\n").outer)),
            "host: a\noutlierDetection:\n  consecutiveErrors: 5\n");
}

struct Wrong {
  const char *text, *rule, *message, *field;
  std::uint32_t line;
  const char* note = "";
};

TEST(Fields, WrongInputIsReportedWithPlacePathAndWayOut) {
  const Wrong table[] = {
      {"hots: a\nhost: b\n", "unknown-field", "Outer has no field 'hots'", "hots", 1, "did you mean 'host'?"},
      {"host: b\nzzz: 1\n", "unknown-field", "no field 'zzz'", "zzz", 2, "Outer has: host"},
      {"host: b\ninterval: 3s\n", "misplaced-field", "it belongs in outlierDetection", "interval", 2},
      {"host: b\nsteps:\n- outlierDetection: {}\n", "misplaced-field",
       "'outlierDetection' does not belong in steps[0]; it belongs in the top level",
       "steps[0].outlierDetection", 3},
      {"host: b\noutlierDetection: {consecutiveErrors: \"5\"}\n", "wrong-type",
       "expected a whole number such as 5, found the text \"5\"", "outlierDetection.consecutiveErrors", 2,
       "take the quotes away"},
      {"host: b\noutlierDetection: {consecutiveErrors: 101}\n", "out-of-range", "from 0 to 100",
       "outlierDetection.consecutiveErrors", 2},
      {"host: b\noutlierDetection: {consecutiveErrors: 99999999999999999999}\n", "out-of-range",
       "from 0 to 100", "outlierDetection.consecutiveErrors", 2},
      {"host: b\noutlierDetection: {interval: 10}\n", "wrong-type", "a duration such as 30s",
       "outlierDetection.interval", 2, "write the unit: 10s"},
      {"host: b\noutlierDetection: {interval: 1.5ms}\n", "out-of-range", "whole milliseconds",
       "outlierDetection.interval", 2},
      {"host: b\noutlierDetection: {interval: 0s}\n", "out-of-range", "at least 1ms",
       "outlierDetection.interval", 2},
      {"host: b\noutlierDetection: {mode: STRCT}\n", "unknown-value",
       "expected one of UNSET, STRICT, PERMISSIVE", "outlierDetection.mode", 2, "did you mean 'STRICT'?"},
      {"host: b\noutlierDetection: {mode: STRICT, percent: 1}\n", "conflicting-fields",
       "'percent' and 'mode' exclude each other", "outlierDetection", 2, "the other one"},
      {"host: b\noutlierDetection: [1]\n", "wrong-type", "a mapping with the fields of Inner, found a list",
       "outlierDetection", 2},
      {"on: true\n", "missing-field", "needs the field 'host'", "", 1},
      {"host: 5\n", "wrong-type", "expected a text, found the number 5", "host", 1, "put quotes around it"},
      {"host: b\nlabels: {a: true}\n", "wrong-type", "expected a text, found the bool true", "labels.a", 2},
      {"host: abcdefghijkl\n", "invalid-value", "is not a short name", "host", 1},
      {"host: b\nnames: [a, abcdefghijkl]\n", "invalid-value", "is not a short name", "names[1]", 2},
      {"host: b\nnames: a\n", "wrong-type", "expected a list", "names", 2, "put '- ' before it"},
      {"host: b\nsteps: [{}, {}, {}]\n", "too-many", "too many", "", 1},
      {"host: b\nport: 70000\n", "out-of-range", "from 1 to 65535", "port", 2},
  };
  for (const Wrong& w : table) {
    const auto d = decoded(w.text);
    ASSERT_EQ(d.found.all().size(), 1u) << w.text;
    const Diagnostic& f = d.found.all()[0];
    EXPECT_EQ(f.rule, w.rule) << w.text;
    EXPECT_NE(f.message.find(w.message), std::string::npos) << w.text << f.message;
    EXPECT_EQ(f.field, w.field) << w.text;
    EXPECT_EQ(f.where.begin.line, w.line) << w.text;
    EXPECT_EQ(f.object.kind, "Outer");
    if (*w.note) {
      ASSERT_FALSE(f.notes.empty()) << w.text;
      EXPECT_NE(f.notes[0].text.find(w.note), std::string::npos) << f.notes[0].text;
    }
  }
}

TEST(Fields, FindingsOfOneObjectAreBounded) {
  std::string text = "host: a\n";
  for (int i = 0; i < 5000; ++i) text += "unknown" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(decoded(text).found.all().size(), kFindingsPerObjectMax);
}

TEST(Fields, IntegersInEveryYamlBase) {
  for (const char* text : {"0x10", "16", "0o20", "020", "0b10000", "+16", "1_6"}) {
    EXPECT_EQ(decoded(std::string("host: a\nport: ") + text + "\n").outer.port.number, 16) << text;
  }
}

TEST(Duration, ReadsWhatGoReads) {
  const std::pair<const char*, std::optional<Duration>> table[] = {
      {"30s", 30s},
      {"1h30m", 90min},
      {"1.5s", 1500ms},
      {"500ms", 500ms},
      {"0", 0s},
      {"-2s", -2s},
      {".5m", 30s},
      {"1us", 1us},
      {"1\xC2\xB5s", 1us},
      {"0.000000001s", 1ns},
      {"", {}},
      {"30", {}},
      {"s", {}},
      {"1 s", {}},
      {"1d", {}},
      {"1e3s", {}},
      {".s", {}},
      {"300000000h", {}},
      {"9223372036854775807ns", Duration{INT64_MAX}},
      {"9223372036854775808ns", {}},
  };
  for (const auto& [text, value] : table) EXPECT_EQ(parse_duration(text), value) << text;
  EXPECT_EQ(print_duration(1500ms), "1500ms");
  EXPECT_EQ(print_duration(90s), "90s");
  EXPECT_EQ(print_duration(1001us), "1001us");
  for (auto ns : {0ll, 1ll, 999ll, 1000ll, 1000000ll, 60000000000ll, 123456789ll}) {
    EXPECT_EQ(parse_duration(print_duration(Duration{ns})), Duration{ns});
  }
}

TEST(Resource, ListsAreUnfoldedAndStrangersSkipped) {
  Diagnostics found;
  const auto read = read_resources(
      "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a, namespace: "
      "n}}\n"
      "- {apiVersion: apps/v1, kind: Deployment}\n---\nreplicaCount: 3\n---\nkind: Service\n---\nfoo\n",
      0, found);
  ASSERT_EQ(read.all.size(), 2u);
  EXPECT_EQ(*read.all[0].name, "a");
  EXPECT_EQ(*read.all[0].ns, "n");
  EXPECT_EQ(read.all[0].group(), "");
  EXPECT_EQ(read.all[0].version(), "v1");
  EXPECT_EQ(read.all[1].group(), "apps");
  EXPECT_EQ(read.skipped, 2u);
  ASSERT_EQ(found.all().size(), 1u);
  EXPECT_EQ(found.all()[0].rule, "missing-field");
}

TEST(Resource, WholeObjectsPointMisplacedFieldsHome) {
  Diagnostics found;
  const auto read = read_resources(
      "apiVersion: v1\nkind: Outer\nmetadata: {name: a, lables: {}}\noutlierDetection: {}\nspec: {host: h}\n",
      0, found);
  Manifest<Outer> manifest;
  EXPECT_FALSE(decode(read.all.at(0).root, manifest, read.all[0].ref(), found));
  ASSERT_EQ(found.all().size(), 2u);
  EXPECT_EQ(found.all()[0].field, "metadata.lables");
  EXPECT_EQ(found.all()[1].message, "'outlierDetection' does not belong in Outer; it belongs in spec");
  EXPECT_EQ(*manifest.spec.host, "h");
}

}  // namespace
}  // namespace marty::manifest
