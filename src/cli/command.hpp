#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/flags.hpp"
#include "cli/world.hpp"

namespace marty::cli {

/// What a command works on; help lists commands by it.
enum class Group : unsigned char { kManifests, kLocalMesh, kCluster };

/// A sub-command of `marty service-mesh`: one file in cli/commands and one line in cli/all.inc. All of it is
/// known at compile time, so listing commands costs nothing at start.
struct Command {
  std::string_view name;  ///< as typed, "generate-overlay"
  Group group;
  std::string_view summary;   ///< one line
  std::string_view examples;  ///< lines "marty mesh up … # what it shows", most useful first
  std::span<const Flag* const> flags;
  int (*run)(const Arguments&, World&);  ///< returns the exit code
};

namespace commands {
#define COMMAND(x) extern const Command x;
#include "cli/all.inc"
#undef COMMAND
}  // namespace commands

std::span<const Command* const> all_commands();

/// Runs one command line (without the program's name); returns the exit code.
int run(World&, std::span<const std::string> words);

// Help, all on `out`.
void print_welcome(const World&);
void print_overview(const World&);
void print_help(const World&, const Command&);

}  // namespace marty::cli
