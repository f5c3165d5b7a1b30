#include "schema/cel.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "manifest/yaml.hpp"

namespace marty::schema {
namespace {

using enum CelVerdict;

constexpr std::string_view kSelf = R"(
name: pets
port: 8080
least: -9223372036854775808
huge: 1e300
half: 0.5
hosts: [a.example, b.example]
ports: [{name: http, port: 80}, {name: grpc, port: 81}]
labels: {app: pets, team: shop}
nothing: null
)";

/// What a rule says of kSelf, whose fields no schema knows.
std::string_view verdict(std::string_view rule) {
  Diagnostics found;
  const auto documents = manifest::parse_yaml(kSelf, 0, found);
  std::string why;
  const auto cel = parse_cel(rule, why);
  if (!cel) return "no CEL";
  Patterns patterns;
  Defaults defaults;
  std::string_view said;
  for (int round = 0; round < 2; ++round) {  // the second with what the first has learned
    const auto verdict = evaluate(*cel, kBuiltIn, patterns, defaults, 0, documents.at(0));
    const std::string_view now = verdict == kTrue     ? "true"
                                 : verdict == kFalse  ? "false"
                                 : verdict == kFailed ? "failed"
                                                      : "given up";
    EXPECT_TRUE(said.empty() || said == now) << rule;
    said = now;
  }
  return said;
}

struct Case {
  std::string_view rule, says;
};
void expect(std::initializer_list<Case> cases) {
  for (const auto& [rule, says] : cases) EXPECT_EQ(verdict(rule), says) << rule;
}

TEST(Cel, FieldsAndWhatIsAbsent) {
  expect({{"self.name == 'pets'", "true"},
          {"has(self.name)", "true"},
          {"has(self.other)", "false"},
          {"has(self.nothing)", "false"},
          {"self.other == 'x'", "failed"},
          {"self['name'] == \"pets\"", "true"},
          {"self.hosts[1] == 'b.example'", "true"},
          {"self.hosts[2] == 'c.example'", "failed"},
          {"'app' in self.labels && !('x' in self.labels)", "true"},
          {"self.name.app == 'x'", "failed"},
          {"other == 1", "failed"}});
}

TEST(Cel, ASideThatDecidesOutweighsAnErrorOnTheOther) {
  expect({{"self.other == 1 || true", "true"},
          {"true || self.other == 1", "true"},
          {"self.other == 1 && false", "false"},
          {"self.other == 1 || false", "failed"},
          {"self.other == 1 && true", "failed"},
          {"self.name && true", "failed"},
          {"has(self.other) ? self.other == 1 : self.port > 1", "true"},
          {"self.name ? true : true", "failed"}});
}

TEST(Cel, NumbersHaveTheirLimits) {
  expect({{"1 + 2 * 3 - 4 / 3 % 2 == 6", "true"},
          {"self.port == 8080.0", "true"},
          {"self.half + 1 == 1.5", "true"},
          {"-self.port == 0 - 8080", "true"},
          {"-self.least > 0", "failed"},
          {"self.least - 1 < 0", "failed"},
          {"self.port / 0 == 0", "failed"},
          {"self.least / -1 > 0", "failed"},
          {"int(self.huge) > 0", "failed"},
          {"int(self.half) == 0", "true"},
          {"int('12') == 12 && string(12) == '12'", "true"},
          {"int('1x') == 1", "failed"},
          {"'a' < 1", "failed"}});
}

TEST(Cel, ListsAndMappings) {
  expect({{"self.hosts.all(h, h.endsWith('.example'))", "true"},
          {"self.ports.exists(p, p.name == 'grpc' && p.port == 81)", "true"},
          {"self.ports.exists_one(p, p.port > 0)", "false"},
          {"self.ports.map(p, p.port) == [80, 81]", "true"},
          {"self.ports.filter(p, p.port == 80).size() == 1", "true"},
          {"self.ports.all(p, self.ports.exists_one(q, q.name == p.name))", "true"},
          {"self.labels.all(key, self.labels[key] != '')", "true"},
          {"self.ports.all(p, p.other == 1)", "failed"},
          {"self.ports.exists(p, p.port == 80 || p.other == 1)", "true"},
          {"self.name in ['cats', 'pets']", "true"},
          {"81 in [1, 2]", "false"},
          {"[1] + [2] == [1, 2]", "true"},
          {"{'a': 1}.a == 1 && size({'a': 1}) == 1", "true"},
          {"self.port.all(p, true)", "failed"}});
}

TEST(Cel, Functions) {
  expect({{"self.name.matches('^p.t')", "true"},
          {"self.name.matches('(')", "failed"},
          {"self.name.startsWith('p') && self.name.contains('et')", "true"},
          {"'PETS'.lowerAscii() == self.name", "true"},
          {"self.name.substring(1) == 'ets' && self.name.substring(0, 1) == 'p'", "true"},
          {"self.name.substring(9) == ''", "failed"},
          {"'a,b'.split(',') == ['a', 'b']", "true"},
          {"size('pöts') == 4", "true"},
          {"duration('1m') > duration('59s')", "true"},
          {"quantity('1Ki') == 1024.0", "true"},
          {"isURL('https://x') && url('https://x:1/').getHostname() == 'x'", "true"},
          {"size(1) == 1", "failed"},
          {"self.name.unknown()", "no CEL"},
          {"self.name ==", "no CEL"}});
}

TEST(Cel, WhatTakesTooManyStepsIsGivenUp) {
  std::string rule = "true";
  for (const auto name : {"a", "b", "c", "d", "e", "f", "g"})
    rule = fmt::format("[1,2,3,4,5,6,7,8,9,10].all({}, {})", name, rule);
  EXPECT_EQ(verdict(rule), "given up");
}

}  // namespace
}  // namespace marty::schema
