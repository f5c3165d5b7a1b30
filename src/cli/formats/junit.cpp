#include <fmt/format.h>

#include <map>
#include <vector>

#include "cli/findings.hpp"

/// JUnit's XML, which build servers show as tests: one suite, a test case for each file, failed by its
/// findings.
namespace marty::cli::formats {

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        // XML 1.0 has no way at all to write other control characters.
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

std::string failure(const Diagnostic& finding, const SourceMap& sources) {
  return fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n", escaped(finding.rule),
                     escaped(finding.message), escaped(render(finding, sources)));
}

std::string text(const Findings& findings, Color) {
  std::map<std::string, std::vector<const Diagnostic*>> by_file;
  for (std::size_t i = 0; i < findings.sources.size(); ++i)
    by_file[std::string(findings.sources.name(static_cast<std::uint16_t>(i)))];
  std::size_t failed = 0;
  for (const auto& finding : findings.found.all()) {
    if (finding.severity == Severity::kInfo) continue;
    const auto at = finding.where.begin;
    by_file[at.known() ? std::string(findings.sources.name(at.file)) : "marty"].push_back(&finding);
  }
  std::string cases;
  for (const auto& [file, found] : by_file) {
    cases += fmt::format("    <testcase classname=\"marty.validate\" name=\"{}\">\n", escaped(file));
    // Build servers show the first failure of a case only, so all are in its text as well.
    for (const auto* finding : found) cases += failure(*finding, findings.sources);
    if (!found.empty()) ++failed;
    cases += "    </testcase>\n";
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
      "  <testsuite name=\"marty validate\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n{}  </testsuite>\n"
      "</testsuites>\n",
      by_file.size(), failed, cases);
}

}  // namespace

const Format junit{"junit", false, text};

}  // namespace marty::cli::formats
