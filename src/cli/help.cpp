#include <fmt/format.h>

#include <algorithm>

#include "cli/command.hpp"

namespace marty::cli {

namespace {

constexpr std::string_view kRemark = " # ";

std::string_view typed_part(std::string_view line) {
  line = line.substr(0, line.find(kRemark));
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

/// Examples with their remarks in one column.
std::string examples(std::string_view text) {
  std::size_t width = 0;
  for (const auto line : split(text, '\n'))
    if (line.find(kRemark) != line.npos) width = std::max(width, typed_part(line).size());
  std::string out;
  for (const auto line : split(text, '\n')) {
    const auto remark = line.substr(std::min(line.find(kRemark), line.size()));
    out += fmt::format("  {:<{}}{}\n", typed_part(line), remark.empty() ? 0 : width + 1, remark);
  }
  return out;
}

std::string usage_words(const Flag& flag) {
  switch (flag.kind) {
    case Flag::Kind::kToggle:
      return fmt::format("{}", flag.names);
    case Flag::Kind::kOptional:
      return fmt::format("{}{}", flag.names, flag.value);
    case Flag::Kind::kPositional:
      return std::string(flag.names);
    case Flag::Kind::kPositionals:
      return fmt::format("{}…", flag.names);
    case Flag::Kind::kRest:
      return fmt::format("-- {}…", flag.names);
    case Flag::Kind::kText:
    case Flag::Kind::kRepeated:
      break;
  }
  return fmt::format("{} {}", flag.names, flag.choices.empty() ? flag.value : flag.choices);
}

std::string_view title(Group group) {
  switch (group) {
    case Group::kManifests:
      return "Manifests";
    case Group::kLocalMesh:
      return "A mesh on this machine";
    case Group::kCluster:
      break;
  }
  return "Clusters";
}

}  // namespace

void print_welcome(const World& world) {
  world.out(examples(
      "marty mesh demo --mesh istio # watch the petstore mesh work, step by step\n"
      "marty mesh up --service petstore-domain --mesh istio # run it here until Ctrl-C\n"
      "marty mesh why GET /api/petstore-domain/pets --service petstore-domain # which line decides?\n"
      "marty mesh validate ./my-manifests # what is wrong, where, and the way out\n"
      "marty mesh generate-overlay --service petstore-domain --mesh istio # mesh.yaml to manifests\n"
      "marty service-mesh --help # everything there is; `mesh` is short for it"));
}

void print_overview(const World& world) {
  world.out("marty service-mesh COMMAND (or: marty mesh COMMAND); COMMAND --help shows examples\n");
  for (const Group group : {Group::kManifests, Group::kLocalMesh, Group::kCluster}) {
    std::string lines;
    for (const Command* command : all_commands())
      if (command->group == group) lines += fmt::format("  {:<18}{}\n", command->name, command->summary);
    if (!lines.empty()) world.out(fmt::format("\n{}\n{}", title(group), lines));
  }
  world.out(
      "\nExit codes: 0 clean, 1 findings or failed checks, 2 usage, 3 input unreadable or nothing checked,\n"
      "4 something is missing on this machine, 5 internal, 130 interrupted\n");
}

void print_help(const World& world, const Command& command) {
  world.out(fmt::format("marty service-mesh {}: {}\n\n{}\n", command.name, command.summary,
                        examples(command.examples)));
  for (const Flag* flag : command.flags) {
    const auto fallback = flag->fallback.empty() ? std::string() : fmt::format(" [{}]", flag->fallback);
    world.out(fmt::format("  {:<34} {}{}\n", usage_words(*flag), flag->help, fallback));
  }
  world.out(fmt::format("  {:<34} {}\n", "--color auto|always|never",
                        "colour in the output; auto honours NO_COLOR"));
}

}  // namespace marty::cli
