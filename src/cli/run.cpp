#include <fmt/format.h>

#include <algorithm>

#include "cli/command.hpp"
#include "cli/version.hpp"

namespace marty::cli {

namespace {

constexpr const Command* kAll[] = {
#define COMMAND(x) &commands::x,
#include "cli/all.inc"
#undef COMMAND
};

constexpr Flag kColor{Flag::Kind::kText,   "--color", "WHEN", "colour in the output; auto honours NO_COLOR",
                      "auto|always|never", "auto"};

bool asks_for_help(std::span<const std::string> words) {
  for (const auto& word : words) {
    if (word == "--") return false;
    if (word == "--help" || word == "-h") return true;
  }
  return false;
}

Color choose_color(const World& world, std::string_view when) {
  if (when == "always") return Color::kYes;
  if (when == "never" || !world.env("NO_COLOR").empty()) return Color::kNo;
  const auto forced = world.env("CLICOLOR_FORCE");
  if (!forced.empty() && forced != "0") return Color::kYes;
  return world.terminal.out && world.env("TERM") != "dumb" ? Color::kYes : Color::kNo;
}

int run_command(World& world, const Command& command, std::span<const std::string> words) {
  if (asks_for_help(words)) {
    print_help(world, command);
    return exit_code::kClean;
  }
  std::vector<const Flag*> flags(command.flags.begin(), command.flags.end());
  flags.push_back(&kColor);
  const auto parsed = parse(flags, words);
  if (!parsed.problem.empty()) {
    usage_error(world, fmt::format("{}: {}", command.name, parsed.problem));
    world.err(fmt::format("  marty service-mesh {} --help shows examples\n", command.name));
    return exit_code::kUsage;
  }
  world.color = choose_color(world, parsed.arguments.text(kColor));
  return command.run(parsed.arguments, world);
}

int unknown_command(const World& world, std::string_view word) {
  std::vector<std::string_view> names{"help", "--help", "--version", "service-mesh", "mesh"};
  for (const Command* command : all_commands()) names.push_back(command->name);
  const auto near = closest(word, names);
  usage_error(world, fmt::format("there is no command '{}'", word));
  if (!near) {
    world.err("  marty service-mesh --help lists all there are\n");
    return exit_code::kUsage;
  }
  const auto is_sub = [&](const Command* command) { return command->name == *near; };
  const bool sub = std::any_of(std::begin(kAll), std::end(kAll), is_sub);
  world.err(fmt::format("  did you mean: marty {}{}\n", sub ? "service-mesh " : "", *near));
  return exit_code::kUsage;
}

int run_service_mesh(World& world, std::span<const std::string> words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    if (words.size() > 1) return run_service_mesh(world, std::vector<std::string>{words[1], "--help"});
    print_overview(world);
    return exit_code::kClean;
  }
  for (const Command* command : all_commands())
    if (command->name == words[0]) return run_command(world, *command, words.subspan(1));
  return unknown_command(world, words[0]);
}

}  // namespace

std::span<const Command* const> all_commands() { return kAll; }

int run(World& world, std::span<const std::string> words) {
  if (words.empty()) {
    print_welcome(world);
    return exit_code::kClean;
  }
  const auto& first = words[0];
  if (first == "--version" || first == "-V") {
    world.out(fmt::format("marty {}\n", kVersion));
    return exit_code::kClean;
  }
  if (first == "service-mesh" || first == "mesh") return run_service_mesh(world, words.subspan(1));
  if (first == "help" || first == "--help" || first == "-h") {
    auto rest = words.subspan(1);
    if (!rest.empty() && (rest[0] == "service-mesh" || rest[0] == "mesh")) rest = rest.subspan(1);
    if (!rest.empty()) return run_service_mesh(world, std::vector<std::string>{rest[0], "--help"});
    print_welcome(world);
    print_overview(world);
    return exit_code::kClean;
  }
  return unknown_command(world, first);
}

}  // namespace marty::cli
