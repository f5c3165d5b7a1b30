#include "rules/suppression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "manifest/fields.hpp"
#include "manifest/yaml.hpp"
#include "rules/rule.hpp"

namespace marty::rules {

using manifest::field;
using manifest::Fields;
using manifest::kRequired;
using manifest::Table;
using manifest::Tag;

namespace {

bool is_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '-' || (c >= '0' && c <= '9'); });
}
bool is_rule(std::string_view text) { return text == "*" || find_rule(text) != nullptr; }

constexpr manifest::Wants kRuleId{is_rule, "a rule that `marty service-mesh explain` lists, or '*'"};
constexpr manifest::Wants kDay{is_day, "a day such as 2027-01-31"};

}  // namespace

const Table& fields(Tag<Ignore>) {
  static const Fields<Ignore> table{
      "Ignore",
      {field("rule", &Ignore::rule, kRequired, kRuleId), field("path", &Ignore::path),
       field("object", &Ignore::object), field("reason", &Ignore::reason, kRequired),
       field("until", &Ignore::until, kDay)}};
  return table;
}

const Table& fields(Tag<Config>) {
  static const Fields<Config> table{"Config",
                                    {field("severity", &Config::severity), field("ignore", &Config::ignore)}};
  return table;
}

Config read_config(std::string_view text, std::uint16_t file, Diagnostics& found) {
  Config config;
  for (const auto& document : manifest::parse_yaml(text, file, found))
    if (!document.is_null()) manifest::decode(fields(Tag<Config>{}), document, &config, {}, found);
  return config;
}

namespace {

/// A comment that says to ignore something, with where it stands.
struct Remark {
  std::string rule, reason;
  Day until;
  Origin origin;
};

std::string_view word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  const auto end = std::min(text.find_first_of(" \t\r"), text.size());
  const auto out = text.substr(0, end);
  text.remove_prefix(end);
  return out;
}

std::optional<Remark> remark_on(std::string_view line, Origin at) {
  constexpr std::string_view kMark = "marty:ignore";
  const auto hash = line.find('#');
  const auto mark = hash == line.npos ? line.npos : line.find(kMark, hash);
  if (mark == line.npos) return std::nullopt;
  at.column = static_cast<std::uint16_t>(std::min<std::size_t>(mark + 1, UINT16_MAX));
  auto rest = line.substr(mark + kMark.size());
  Remark out{std::string(word(rest)), {}, {}, at};
  constexpr std::string_view kUntil = "until=";
  const auto after = rest;
  if (const auto next = word(rest); next.starts_with(kUntil))
    out.until = next.substr(kUntil.size());
  else
    rest = after;
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  out.reason = rest;
  return out;
}

bool is_comment(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  return first != line.npos && line[first] == '#';
}

class Suppressor {
 public:
  Suppressor(const Config& config, const SourceMap& sources, const Day& today)
      : config_(config), sources_(sources), today_(today) {}

  bool wanted(Diagnostic& finding) {
    const auto said = config_.severity.find(finding.rule);
    if (said != config_.severity.end()) {
      if (said->second == "off") return false;
      for (const auto severity : {Severity::kInfo, Severity::kWarning, Severity::kError})
        if (said->second == to_string(severity)) finding.severity = severity;
    }
    return !ignored_by_config(finding) && !ignored_by_remark(finding);
  }

  Diagnostics complaints;

 private:
  bool ignored_by_config(const Diagnostic& finding) {
    for (const auto& ignore : config_.ignore) {
      if (*ignore.rule != "*" && *ignore.rule != finding.rule) continue;
      if (!ignore.path->empty() && !in_file(finding, *ignore.path)) continue;
      if (!ignore.object->empty() && !about(finding.object, *ignore.object)) continue;
      if (holds(*ignore.until, ignore.origin)) return true;
    }
    return false;
  }

  bool in_file(const Diagnostic& finding, std::string_view end) const {
    return finding.where.begin.known() && sources_.name(finding.where.begin.file).ends_with(end);
  }

  static bool about(const ObjectRef& object, std::string_view wanted) {
    return wanted == object.kind + "/" + object.name ||
           wanted == object.kind + "/" + object.ns + "/" + object.name;
  }

  bool ignored_by_remark(const Diagnostic& finding) {
    Origin at = finding.where.begin;
    if (!at.known()) return false;
    bool ignored = covers(at, finding);
    while (!ignored && --at.line > 0 && is_comment(sources_.line(at))) ignored = covers(at, finding);
    return ignored;
  }

  bool covers(Origin at, const Diagnostic& finding) {
    at.column = 1;
    const auto remark = remark_on(sources_.line(at), at);
    if (!remark || (remark->rule != finding.rule && remark->rule != "*")) return false;
    if (!is_day(remark->until) && !remark->until.empty()) {
      complain(remark->origin, fmt::format("'{}' is no day; write until=2027-01-31", remark->until));
      return false;
    }
    if (remark->reason.empty()) {
      complain(remark->origin, "say why: # marty:ignore RULE the reason");
      return false;
    }
    return holds(remark->until, remark->origin);
  }

  bool holds(const Day& until, Origin where) {
    if (until.empty() || today_ <= until) return true;
    complain(where, fmt::format("this was to be ignored until {}; mend it or decide again", until));
    return false;
  }

  void complain(Origin where, std::string text) {
    if (said_.insert({where.file, where.line}).second)
      complaints.warning("bad-ignore", {where, 0}, std::move(text));
  }

  const Config& config_;
  const SourceMap& sources_;
  const Day& today_;
  std::set<std::pair<std::uint16_t, std::uint32_t>> said_;
};

}  // namespace

std::size_t suppress(Diagnostics& found, const Config& config, const SourceMap& sources, const Day& today) {
  Suppressor suppressor(config, sources, today);
  auto& all = found.all();
  const auto before = all.size();
  std::erase_if(all, [&](Diagnostic& finding) { return !suppressor.wanted(finding); });
  const auto taken = before - all.size();
  for (auto& complaint : suppressor.complaints.all()) found.add(std::move(complaint));
  return taken;
}

}  // namespace marty::rules
