#include "rollout/conflict.hpp"

namespace marty::rollout {
namespace {

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return line;
}

/// `"name" using apps/v1 at 2025-01-01T00:00:00Z: .spec.replicas`, or without the field and at the end a ':'.
void take_manager(std::string_view line, std::vector<Conflict>& out) {
  if (!line.starts_with('"')) return;
  const auto quote = line.find('"', 1);
  if (quote == line.npos) return;
  Conflict& conflict = out.emplace_back();
  conflict.manager = line.substr(1, quote - 1);
  line.remove_prefix(quote + 1);
  // Times have colons too; a field path begins with a dot.
  const auto field = line.find(": .");
  auto since = line.substr(0, field);
  if (since.ends_with(':')) since.remove_suffix(1);
  if (since.starts_with(' ')) since.remove_prefix(1);
  conflict.since = since;
  if (field != line.npos) conflict.fields.emplace_back(line.substr(field + 2));
}

}  // namespace

std::vector<Conflict> parse_conflicts(std::string_view text) {
  std::vector<Conflict> out;
  const auto begin = text.find("Apply failed with ");
  if (begin == text.npos) return out;
  text.remove_prefix(begin);
  while (!text.empty()) {
    auto line = take_line(text);
    if (line.starts_with("Please review")) break;
    for (const std::string_view word : {"conflict with ", "conflicts with "}) {
      if (const auto at = line.find(word); at != line.npos) take_manager(line.substr(at + word.size()), out);
    }
    if (line.starts_with("- .") && !out.empty()) out.back().fields.emplace_back(line.substr(2));
  }
  return out;
}

}  // namespace marty::rollout
