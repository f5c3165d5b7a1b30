#pragma once

#include <span>
#include <string>

#include "cli/flags.hpp"
#include "cli/world.hpp"
#include "core/diagnostic.hpp"

namespace marty::cli {

inline constexpr Flag kFailOn{Flag::Kind::kText,    "--fail-on",
                              "SEVERITY",           "the least severity that makes the exit code 1",
                              "error|warning|info", "error"};
inline constexpr Flag kFindingsFormat{Flag::Kind::kText,
                                      "-o,--output",
                                      "FORMAT",
                                      "how to print them",
                                      "table|json|sarif|junit|github",
                                      "table"};

/// What one run found, and how much it looked at.
struct Findings {
  Diagnostics found;
  SourceMap sources;
  std::size_t checked = 0;  ///< Kubernetes objects and policy files
  std::size_t skipped = 0;  ///< documents that are something else
  bool show_info = false;   ///< tables leave infos out unless asked
  std::size_t unknown = 0;  ///< objects whose kind nobody has a schema for
  std::size_t ignored = 0;  ///< findings taken away by a comment, a configuration or a baseline
  bool complete = true;     ///< false: something could not be read, so it was not checked
};

/// Worst first, otherwise in the order of the files; data on `out`, for tables a summary on `err`.
void print(const World&, std::string_view format, Findings&);
/// The one exit code of a run: kInput when nothing was checked or something could not be, kFindings from
/// --fail-on up.
int exit_code_of(const Findings&, std::string_view fail_on);

/// A way to print findings: one file in cli/formats and one line in cli/formats.inc.
struct Format {
  std::string_view name;  ///< for -o
  bool has_summary;       ///< its text says how much was checked
  std::string (*text)(const Findings&, Color);
};
namespace formats {
#define FORMAT(x) extern const Format x;
#include "cli/formats.inc"
#undef FORMAT
}  // namespace formats
std::span<const Format* const> all_formats();

}  // namespace marty::cli
