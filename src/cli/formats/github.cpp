#include <fmt/format.h>

#include "cli/findings.hpp"

/// Workflow commands that GitHub turns into annotations of a pull request.
namespace marty::cli::formats {

namespace {

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

std::string text(const Findings& findings, Color) {
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

}  // namespace

const Format github{"github", false, text};

}  // namespace marty::cli::formats
