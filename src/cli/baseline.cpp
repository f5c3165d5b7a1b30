#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "cli/validation.hpp"
#include "io/files.hpp"

/// The debts of an old estate, written down once so that only new ones are said.
namespace marty::cli {

using Json = nlohmann::ordered_json;

namespace {

std::string fingerprint(const Diagnostic& finding, const SourceMap& sources) {
  const auto& object = finding.object;
  const auto at = finding.where.begin;
  // What belongs to no object is told by its file; lines move too easily.
  const auto place = object.kind.empty() && at.known()
                         ? std::string(sources.name(at.file))
                         : fmt::format("{}/{}/{}", object.kind, object.ns, object.name);
  return fmt::format("{} {} {}", finding.rule, place, finding.field);
}

std::map<std::string, std::size_t> counted(const Findings& findings) {
  std::map<std::string, std::size_t> out;
  for (const auto& finding : findings.found.all()) ++out[fingerprint(finding, findings.sources)];
  return out;
}

}  // namespace

Status write_baseline(const World& world, const std::string& path, const Findings& findings) {
  Json out{{"schema", "marty/v1"}, {"known", Json::object()}};
  for (const auto& [what, count] : counted(findings)) out["known"][what] = count;
  return io::write_file_atomically(world.resolve(path),
                                   out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Status subtract_baseline(const World& world, const std::string& path, Findings& findings) {
  auto text = io::read_file(world.resolve(path));
  if (!text) return std::move(text.error());
  const auto read = Json::parse(*text, nullptr, false);
  if (!read.is_object() || !read.contains("known") || !read["known"].is_object())
    return Error{ErrorCode::kInput, fmt::format("{} is no baseline", path),
                 fmt::format("write one with --write-baseline {}", path)};
  std::map<std::string, std::size_t> known;
  for (const auto& [what, count] : read["known"].items())
    if (count.is_number_unsigned()) known[what] = count.get<std::size_t>();
  findings.ignored += std::erase_if(findings.found.all(), [&](const Diagnostic& finding) {
    const auto debt = known.find(fingerprint(finding, findings.sources));
    return debt != known.end() && debt->second > 0 && debt->second-- > 0;
  });
  return ok();
}

}  // namespace marty::cli
