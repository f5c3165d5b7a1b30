#include "cli/findings.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace marty::cli {

namespace {

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string summary(const Findings& findings) {
  const auto errors = findings.found.count(Severity::kError);
  const auto warnings = findings.found.count(Severity::kWarning) - errors;
  auto line = fmt::format("{}, {} in {}", counted(errors, "error"), counted(warnings, "warning"),
                          counted(findings.checked, "object"));
  const auto infos = findings.found.count(Severity::kInfo) - errors - warnings;
  if (infos)
    line += fmt::format(", {}{}", counted(infos, "info"), findings.show_info ? "" : " (-v shows them)");
  if (findings.skipped)
    line += fmt::format("; {} skipped: not Kubernetes objects", counted(findings.skipped, "document"));
  if (findings.unknown)
    line += fmt::format("; {} of unknown kinds (--crd tells what they look like)", findings.unknown);
  if (findings.ignored) line += fmt::format("; {} ignored", counted(findings.ignored, "finding"));
  return line + "\n";
}

}  // namespace

std::span<const Format* const> all_formats() {
  static constexpr const Format* kFormats[] = {
#define FORMAT(name) &formats::name,
#include "cli/formats.inc"
#undef FORMAT
  };
  return kFormats;
}

void print(const World& world, std::string_view format, Findings& findings) {
  auto& all = findings.found.all();
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.severity > b.severity; });
  for (const auto* known : all_formats()) {
    if (known->name != format) continue;
    world.out(known->text(findings, world.color));
    if (!known->has_summary) world.err(summary(findings));
  }
  if (findings.checked == 0) world.err("marty: nothing was checked\n");
  if (!findings.complete) world.err("marty: not everything could be read, so not everything was checked\n");
}

int exit_code_of(const Findings& findings, std::string_view fail_on) {
  if (findings.checked == 0 || !findings.complete) return exit_code::kInput;
  const auto least = fail_on == "info"      ? Severity::kInfo
                     : fail_on == "warning" ? Severity::kWarning
                                            : Severity::kError;
  return findings.found.count(least) ? exit_code::kFindings : exit_code::kClean;
}

}  // namespace marty::cli
