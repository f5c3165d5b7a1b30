#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/workers.hpp"
#include "manifest/resource.hpp"
#include "rules/walk.hpp"

/// What `validate` knows to look for. A rule is one file below this folder, `extern const Rule` in namespace
/// catalog, and one line in catalog.inc.
namespace marty::rules {

class Estate;
class Report;
struct Comparison;

struct Rule {
  std::string_view id;  ///< stable, kebab-case: what users suppress and explain
  Severity severity = Severity::kWarning;
  std::string_view peers;  ///< the same check elsewhere, by their codes: "IST0109 KIA1106"; may be empty
  std::string_view title;  ///< one line: what is wrong
  std::string_view why;    ///< paragraphs: what happens at run time, and the way out
  std::string_view bad;    ///< manifests it finds; the lines with "# <<" are where
  std::string_view good;   ///< the same, mended: no rule at all has a warning about it
  void (*check)(const Estate&, Report&) = nullptr;  ///< nullptr: found while reading or decoding
  /// Of a rule that holds several models against each other (comparison.hpp). In its examples each side
  /// begins with a line "# === cluster east" or "# === overlay istio".
  void (*compare)(const Comparison&, Report&) = nullptr;
};

std::span<const Rule* const> all_rules();
const Rule* find_rule(std::string_view id);
/// Runs every rule over what was read, several at a time; findings are added in the order of the catalog.
void check_all(const Estate&, Diagnostics&, Workers& = one_at_a_time());

/// Where a rule puts what it found; rule, severity, object and field are filled in.
class Report {
 public:
  Report(const Rule& rule, Diagnostics& found) : rule_(rule), found_(found) {}
  Diagnostic& at(const manifest::Resource&, const Place&, std::string message);
  Diagnostic& at(const manifest::Resource&, const Node&, std::string path, std::string message);
  /// About an object as a whole: points at its name.
  Diagnostic& object(const manifest::Resource&, std::string message);
  /// At a value of the model: the field it was read from.
  Diagnostic& at(const Estate&, Origin, std::string message);

 private:
  const Rule& rule_;
  Diagnostics& found_;
};

/// Adds "did you mean '…'?" when one of the names is close enough to the word.
void suggest(Diagnostic&, std::string_view word, const std::vector<std::string_view>& names);
/// A second place involved.
inline Note see(const Node& node, std::string text) { return {node.range(), std::move(text)}; }
Note see(const manifest::Resource&, std::string text);

}  // namespace marty::rules
