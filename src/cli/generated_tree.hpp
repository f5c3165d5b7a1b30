#pragma once

#include "cli/file_set.hpp"
#include "cli/flags.hpp"
#include "cli/world.hpp"

/// What the commands that generate have in common: a tree is written whole, or compared with what is there.
namespace marty::cli {

inline constexpr Flag kCheck{Flag::Kind::kToggle, "--check", "",
                             "write nothing; exit 1 when the files differ from what would be written"};
inline constexpr Flag kDiff{Flag::Kind::kToggle, "--diff", "", "write nothing; show what would change"};

/// Prints the findings of an input that cannot be used (the first source) as talk: the data of these commands
/// is the list of files.
int refuse(const World&, const Diagnostics&, const SourceMap&);

/// Writes the files, or with --check or --diff says how they differ; returns the exit code. `asked_in` names
/// the input, `next` is said after writing.
int deliver(const Arguments&, const World&, std::vector<WantedFile>, std::string_view asked_in,
            std::string_view next);

}  // namespace marty::cli
