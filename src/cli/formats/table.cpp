#include "cli/findings.hpp"

/// For people: each finding with its source line.
namespace marty::cli::formats {

namespace {
std::string text(const Findings& findings, Color color) {
  std::string out;
  for (const auto& finding : findings.found.all()) out += render(finding, findings.sources, color);
  return out;
}
}  // namespace

const Format table{"table", false, text};

}  // namespace marty::cli::formats
