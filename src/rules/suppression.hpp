#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"

/// What users decided not to hear: in a comment beside the line, or in a file beside the manifests.
namespace marty::rules {

/// A calendar day as "2027-01-31": such texts sort as the days do.
using Day = std::string;

/// One decision to live with findings.
struct Ignore {
  Sourced<std::string> rule;    ///< "*": every rule
  Sourced<std::string> path;    ///< the end of a file's path; empty: every file
  Sourced<std::string> object;  ///< "Kind/name" or "Kind/namespace/name"; empty: every object
  Sourced<std::string> reason;  ///< required: the next reader wants to know
  Sourced<Day> until;           ///< the last day it holds; empty: for good
  Origin origin;
};

/// `.marty.yaml`: severities and decisions for all runs below its directory.
struct Config {
  std::map<std::string, std::string> severity;  ///< rule → off, info, warning or error
  std::vector<Ignore> ignore;
};

/// Reads the file; what is wrong in it goes to `found`.
Config read_config(std::string_view text, std::uint16_t file, Diagnostics& found);

/// Takes away what was decided about and sets severities. A comment `# marty:ignore RULE reason` (or
/// `RULE until=2027-01-31 reason`) counts on the finding's own line and on the lines of comment right above
/// it. One without a reason, with an unknown rule or past its day is a finding itself. Returns how many were
/// taken away.
std::size_t suppress(Diagnostics& found, const Config&, const SourceMap&, const Day& today);

}  // namespace marty::rules
