#include <map>
#include <nlohmann/json.hpp>

#include "cli/findings.hpp"
#include "cli/version.hpp"
#include "rules/rule.hpp"

/// SARIF 2.1.0 (OASIS), which code hosts show beside the source.
namespace marty::cli::formats {

using Json = nlohmann::ordered_json;

namespace {

std::string_view level(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "note";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      break;
  }
  return "error";
}

Json location(const SourceRange& where, const SourceMap& sources) {
  const auto at = where.begin;
  return {
      {"physicalLocation",
       {{"artifactLocation", {{"uri", sources.name(at.file)}}},
        {"region",
         {{"startLine", at.line}, {"startColumn", at.column}, {"endColumn", at.column + where.length}}}}}};
}

/// Only the rules that found something: a reader looks them up by the index.
class RuleTable {
 public:
  std::size_t index_of(const Diagnostic& finding) {
    const auto [place, fresh] = index_.try_emplace(finding.rule, index_.size());
    if (fresh) rules_.push_back(describe(finding));
    return place->second;
  }
  Json take() { return std::move(rules_); }

 private:
  static Json describe(const Diagnostic& finding) {
    Json out{{"id", finding.rule}};
    if (const auto* rule = rules::find_rule(finding.rule)) {
      out["shortDescription"] = {{"text", rule->title}};
      out["fullDescription"] = {{"text", rule->why}};
      out["help"] = {{"text", "marty service-mesh explain " + finding.rule}};
      out["defaultConfiguration"] = {{"level", level(rule->severity)}};
    }
    return out;
  }

  std::map<std::string, std::size_t> index_;
  Json rules_ = Json::array();
};

Json fixes(const Diagnostic& finding, const SourceMap& sources) {
  const auto place = location(finding.fix->range, sources)["physicalLocation"];
  Json replacement{{"deletedRegion", place["region"]},
                   {"insertedContent", {{"text", finding.fix->replacement}}}};
  Json change{{"artifactLocation", place["artifactLocation"]},
              {"replacements", Json::array({std::move(replacement)})}};
  return Json::array({{{"artifactChanges", Json::array({std::move(change)})}}});
}

Json result(const Diagnostic& finding, const SourceMap& sources, RuleTable& rules) {
  auto message = finding.message;
  for (const auto& note : finding.notes)
    if (!note.where.begin.known()) message += "\n" + note.text;
  Json out{{"ruleId", finding.rule},
           {"ruleIndex", rules.index_of(finding)},
           {"level", level(finding.severity)},
           {"message", {{"text", message}}}};
  if (finding.where.begin.known()) out["locations"] = Json::array({location(finding.where, sources)});
  for (const auto& note : finding.notes) {
    if (!note.where.begin.known()) continue;
    auto related = location(note.where, sources);
    related["message"] = {{"text", note.text}};
    out["relatedLocations"].push_back(std::move(related));
  }
  if (finding.fix) out["fixes"] = fixes(finding, sources);
  return out;
}

std::string text(const Findings& findings, Color) {
  RuleTable rules;
  Json results = Json::array();
  for (const auto& finding : findings.found.all())
    results.push_back(result(finding, findings.sources, rules));
  Json driver{{"name", "marty"}, {"version", kVersion}, {"rules", rules.take()}};
  Json run{{"tool", {{"driver", std::move(driver)}}},
           {"columnKind", "unicodeCodePoints"},
           {"results", std::move(results)}};
  const Json out{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                 {"version", "2.1.0"},
                 {"runs", Json::array({std::move(run)})}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

const Format sarif{"sarif", false, text};

}  // namespace marty::cli::formats
