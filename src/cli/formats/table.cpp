#include "cli/findings.hpp"

/// For people: each finding with its source line.
namespace marty::cli::formats {

namespace {
std::string text(const Findings& findings, Color color) {
  std::string out;
  for (const auto& finding : findings.found.all())
    if (finding.severity != Severity::kInfo || findings.show_info)
      out += render(finding, findings.sources, color);
  return out;
}
}  // namespace

const Format table{"table", false, text};

}  // namespace marty::cli::formats
