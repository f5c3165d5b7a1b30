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
  if (findings.skipped)
    line += fmt::format("; {} skipped: not Kubernetes objects", counted(findings.skipped, "document"));
  return line + "\n";
}

/// `%` and line ends would end a workflow command; in its properties `:` and `,` separate.
std::string escaped(std::string_view text, std::string_view also) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '\r' || c == '\n' || also.find(c) != also.npos)
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string findings_github(const Findings& findings) {
  std::string out;
  for (const auto& finding : findings.found.all()) {
    const auto at = finding.where.begin;
    const std::string_view word = finding.severity == Severity::kError     ? "error"
                                  : finding.severity == Severity::kWarning ? "warning"
                                                                           : "notice";
    out += fmt::format("::{} ", word);
    if (at.known())
      out +=
          fmt::format("file={},line={},col={},endColumn={},", escaped(findings.sources.name(at.file), ":,"),
                      at.line, at.column, at.column + finding.where.length);
    auto message = finding.message;
    for (const auto& note : finding.notes) message += "\n" + note.text;
    out += fmt::format("title={}::{}\n", escaped(finding.rule, ":,"), escaped(message, ""));
  }
  return out;
}

void print(const World& world, std::string_view format, Findings& findings) {
  auto& all = findings.found.all();
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.severity > b.severity; });
  if (format == "json") {
    world.out(findings_json(findings));
  } else if (format == "github") {
    world.out(findings_github(findings));
  } else {
    for (const auto& finding : all) world.out(render(finding, findings.sources, world.color));
  }
  if (format != "json") world.err(summary(findings));
  if (findings.checked == 0) world.err("marty: nothing was checked\n");
  if (!findings.complete) world.err("marty: not everything could be read, so not everything was checked\n");
}

int exit_code_of(const Findings& findings, std::string_view fail_on) {
  if (findings.checked == 0 || !findings.complete) return exit_code::kInput;
  const auto least = fail_on == "warning" ? Severity::kWarning : Severity::kError;
  return findings.found.count(least) ? exit_code::kFindings : exit_code::kClean;
}

}  // namespace marty::cli
