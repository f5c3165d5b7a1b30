#include <nlohmann/json.hpp>

#include "cli/findings.hpp"
#include "rules/rule.hpp"

/// Our own, stable form.
namespace marty::cli::formats {

using Json = nlohmann::ordered_json;

namespace {

/// Nulls where a place is not known, so that readers need not guess from zeros.
void put_place(Json& into, const SourceRange& where, const SourceMap& sources) {
  const auto at = where.begin;
  const bool known = at.known();
  into["file"] = known ? Json(sources.name(at.file)) : Json();
  into["line"] = known ? Json(at.line) : Json();
  into["column"] = known ? Json(at.column) : Json();
  into["endLine"] = known ? Json(at.line) : Json();
  into["endColumn"] = known ? Json(at.column + where.length) : Json();
}

Json finding_json(const Diagnostic& finding, const SourceMap& sources) {
  Json out{{"rule", finding.rule}, {"severity", to_string(finding.severity)}, {"message", finding.message}};
  put_place(out, finding.where, sources);
  const auto& object = finding.object;
  out["object"] = {{"apiVersion", object.api_version},
                   {"kind", object.kind},
                   {"namespace", object.ns},
                   {"name", object.name}};
  out["field"] = finding.field;
  out["notes"] = Json::array();
  for (const auto& note : finding.notes) {
    Json one{{"text", note.text}};
    put_place(one, note.where, sources);
    out["notes"].push_back(std::move(one));
  }
  out["fix"] = nullptr;
  if (finding.fix) {
    Json fix{{"replacement", finding.fix->replacement}};
    put_place(fix, finding.fix->range, sources);
    out["fix"] = std::move(fix);
  }
  out["peers"] = Json::array();
  if (const auto* rule = rules::find_rule(finding.rule)) {
    for (const auto code : split(rule->peers, ' '))
      if (!code.empty()) out["peers"].push_back(code);
  }
  return out;
}

std::string text(const Findings& findings, Color) {
  Json out{{"schema", "marty/v1"}, {"findings", Json::array()}};
  for (const auto& finding : findings.found.all())
    out["findings"].push_back(finding_json(finding, findings.sources));
  out["checked"] = findings.checked;
  out["skipped"] = findings.skipped;
  // What a user wrote may be no UTF-8; JSON has to be.
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

const Format json{"json", true, text};

}  // namespace marty::cli::formats
