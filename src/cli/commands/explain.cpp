#include <fmt/format.h>

#include "cli/command.hpp"
#include "rules/page.hpp"

namespace marty::cli {

namespace {

constexpr Flag kRule{Flag::Kind::kPositionals, "RULE", "", "the name in brackets at the end of a finding"};
constexpr Flag kMarkdown{Flag::Kind::kToggle, "--markdown", "", "all rules as one page (docs/rules.md)"};
constexpr const Flag* kFlags[] = {&kRule, &kMarkdown};

int unknown(const World& world, const std::string& name) {
  std::vector<std::string_view> ids;
  for (const auto* rule : rules::all_rules()) ids.push_back(rule->id);
  const auto near = closest(name, ids);
  return usage_error(
      world, near ? fmt::format("there is no rule '{}'; did you mean '{}'?", name, *near)
                  : fmt::format("there is no rule '{}'; `marty service-mesh explain` lists them", name));
}

int explain(const Arguments& arguments, World& world) {
  if (arguments.given(kMarkdown)) {
    world.out(rules::handbook());
    return exit_code::kClean;
  }
  bool first = true;
  for (const auto& name : arguments.all(kRule)) {
    const auto* rule = rules::find_rule(name);
    if (rule == nullptr) return unknown(world, name);
    world.out((first ? "" : "\n") + rules::page(*rule));
    first = false;
  }
  if (!arguments.all(kRule).empty()) return exit_code::kClean;
  for (const auto* rule : rules::all_rules())
    world.out(fmt::format("{:<36} {:<8} {}\n", rule->id, to_string(rule->severity), rule->title));
  return exit_code::kClean;
}

}  // namespace

namespace commands {
constexpr Command explain{"explain",
                          Group::kManifests,
                          "what a rule of validate means, and how to mend what it finds",
                          "marty service-mesh explain # every rule in a line\n"
                          "marty service-mesh explain two-virtual-services-one-host\n"
                          "marty service-mesh explain --markdown > docs/rules.md\n",
                          kFlags,
                          cli::explain};
}  // namespace commands

}  // namespace marty::cli
