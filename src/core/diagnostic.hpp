#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/origin.hpp"

namespace marty {

enum class Severity { kInfo, kWarning, kError };
std::string_view to_string(Severity);

/// A stretch of one line in a file; `length` is in bytes, 0 when only the point is known.
struct SourceRange {
  Origin begin;
  std::uint16_t length = 0;
};

/// A second place involved ("the subsets are defined here"), or advice when `where` is unknown.
struct Note {
  SourceRange where;
  std::string text;
};

/// An edit that is certainly right: replace the range by the text.
struct Fix {
  SourceRange range;
  std::string replacement;
};

/// The Kubernetes object a finding is about, as far as known.
struct ObjectRef {
  std::string api_version, kind, ns, name;
};

/// Something wrong in the user's input: what, where, why it matters, and the way out.
struct Diagnostic {
  std::string rule;  ///< stable id in kebab-case, such as "unknown-field"
  Severity severity = Severity::kError;
  SourceRange where;
  std::string message;
  std::vector<Note> notes;
  std::optional<Fix> fix;
  ObjectRef object;
  std::string field;  ///< path inside the object, such as "spec.http[0].route[1].weight"
};

/// Collects findings; work goes on after each, so that one run reports them all. Not thread-safe.
class Diagnostics {
 public:
  Diagnostic& add(Diagnostic finding) { return found_.emplace_back(std::move(finding)); }
  Diagnostic& error(std::string rule, SourceRange where, std::string message);
  Diagnostic& warning(std::string rule, SourceRange where, std::string message);

  const std::vector<Diagnostic>& all() const { return found_; }
  std::vector<Diagnostic>& all() { return found_; }
  std::size_t count(Severity at_least) const;
  bool has_errors() const { return count(Severity::kError) > 0; }

 private:
  std::vector<Diagnostic> found_;
};

/// One finding for a terminal: place, message, source line with a caret, notes. Colour is the caller's
/// choice.
enum class Color { kNo, kYes };
std::string render(const Diagnostic&, const SourceMap&, Color = Color::kNo);

/// The closest candidate within a third of the word's length (at least 1 edit), for "did you mean".
std::optional<std::string> closest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace marty
