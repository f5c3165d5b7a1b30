#include "core/diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace marty {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      break;
  }
  return "error";
}

Diagnostic& Diagnostics::error(std::string rule, SourceRange where, std::string message) {
  return add({std::move(rule), Severity::kError, where, std::move(message), {}, {}, {}, {}});
}

Diagnostic& Diagnostics::warning(std::string rule, SourceRange where, std::string message) {
  return add({std::move(rule), Severity::kWarning, where, std::move(message), {}, {}, {}, {}});
}

std::size_t Diagnostics::count(Severity at_least) const {
  return static_cast<std::size_t>(
      std::count_if(found_.begin(), found_.end(), [&](const auto& d) { return d.severity >= at_least; }));
}

namespace {

constexpr std::size_t kShownColumns = 160;

/// The source line and a caret below it; long lines are cut around the caret, tabs become one space.
std::string excerpt(SourceRange range, const SourceMap& sources) {
  std::string line(sources.line(range.begin));
  if (line.empty()) return {};
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20; }, ' ');
  std::size_t caret = std::min<std::size_t>(range.begin.column ? range.begin.column - 1u : 0u, line.size());
  const std::size_t cut = caret > kShownColumns - 40 ? caret - 40 : 0;
  line = line.substr(cut, kShownColumns);
  caret -= cut;
  const std::size_t room = line.size() > caret ? line.size() - caret : 1;
  const std::size_t width = std::clamp<std::size_t>(range.length, 1, room);
  const auto number = std::to_string(range.begin.line);
  return fmt::format("  {} | {}\n  {} | {}^{}\n", number, line, std::string(number.size(), ' '),
                     std::string(caret, ' '), std::string(width - 1, '~'));
}

}  // namespace

std::string render(const Diagnostic& finding, const SourceMap& sources, Color color) {
  const bool bad = finding.severity == Severity::kError;
  const std::string_view on = color == Color::kNo ? "" : bad ? "\x1b[1;31m" : "\x1b[1;33m";
  const std::string_view off = color == Color::kNo ? "" : "\x1b[0m";
  std::string out;
  if (finding.where.begin.known()) out = sources.describe(finding.where.begin) + ": ";
  out +=
      fmt::format("{}{}{}: {} [{}]\n", on, to_string(finding.severity), off, finding.message, finding.rule);
  out += excerpt(finding.where, sources);
  for (const auto& note : finding.notes) {
    if (!note.where.begin.known()) {
      out += fmt::format("  note: {}\n", note.text);
      continue;
    }
    out += fmt::format("  note: {}: {}\n", sources.describe(note.where.begin), note.text);
    out += excerpt(note.where, sources);
  }
  return out;
}

namespace {

/// Levenshtein distance, adjacent swaps counting one; one row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before, row(b.size() + 1), next(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    next[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto same = [](char x, char y) { return std::tolower(x) == std::tolower(y); };
      next[j + 1] = std::min({row[j + 1] + 1, next[j] + 1, row[j] + (same(a[i], b[j]) ? 0u : 1u)});
      if (i && j && same(a[i], b[j - 1]) && same(a[i - 1], b[j]))
        next[j + 1] = std::min(next[j + 1], before[j - 1] + 1);
    }
    before = row;
    std::swap(row, next);
  }
  return row.back();
}

}  // namespace

std::optional<std::string> closest(std::string_view word, const std::vector<std::string_view>& candidates) {
  constexpr std::size_t kLongestWord = 80;  // hostile input must not cost quadratic time
  if (word.empty() || word.size() > kLongestWord) return {};
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::optional<std::string> found;
  for (const auto candidate : candidates) {
    if (candidate.size() > kLongestWord) continue;
    if (const auto d = distance(word, candidate); d < best) {
      best = d;
      found = candidate;
    }
  }
  return found;
}

}  // namespace marty
