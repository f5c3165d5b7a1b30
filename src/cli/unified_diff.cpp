#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "cli/file_set.hpp"
#include "cli/flags.hpp"

namespace marty::cli {

namespace {

using Lines = std::vector<std::string_view>;

struct Step {
  char mark;  // ' ', '-' or '+'
  std::string_view line;
};

/// Beyond this many cells of the table a file counts as rewritten: memory stays bounded.
constexpr std::size_t kCellsMax = std::size_t{4} << 20;

/// From one text to the other by the longest common subsequence of their lines.
std::vector<Step> steps(const Lines& a, const Lines& b) {
  std::vector<Step> out;
  const std::size_t width = b.size() + 1;
  if ((a.size() + 1) * width > kCellsMax) {
    for (const auto line : a) out.push_back({'-', line});
    for (const auto line : b) out.push_back({'+', line});
    return out;
  }
  std::vector<std::uint32_t> common((a.size() + 1) * width);
  for (std::size_t i = a.size(); i-- > 0;)
    for (std::size_t j = b.size(); j-- > 0;)
      common[i * width + j] = a[i] == b[j] ? common[(i + 1) * width + j + 1] + 1
                                           : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      out.push_back({' ', a[i]});
      ++i, ++j;
    } else if (i < a.size() && (j == b.size() || common[(i + 1) * width + j] >= common[i * width + j + 1])) {
      out.push_back({'-', a[i++]});
    } else {
      out.push_back({'+', b[j++]});
    }
  }
  return out;
}

}  // namespace

std::string unified_diff(const std::string& name, const std::string& before, const std::string& after) {
  constexpr std::size_t kContext = 3;
  if (before == after) return {};
  const auto all = steps(split(before, '\n'), split(after, '\n'));
  std::vector<bool> shown(all.size(), false);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].mark == ' ') continue;
    const auto end = std::min(all.size(), i + kContext + 1);
    for (std::size_t k = i > kContext ? i - kContext : 0; k < end; ++k) shown[k] = true;
  }
  auto out = fmt::format("--- {0}\n+++ {0}\n", name);
  std::size_t old_line = 1, new_line = 1;
  for (std::size_t i = 0; i < all.size();) {
    if (!shown[i]) {
      ++old_line, ++new_line, ++i;
      continue;
    }
    std::size_t old_count = 0, new_count = 0;
    std::string body;
    for (; i < all.size() && shown[i]; ++i) {
      old_count += all[i].mark != '+';
      new_count += all[i].mark != '-';
      body += fmt::format("{}{}\n", all[i].mark, all[i].line);
    }
    const auto start = [](std::size_t line, std::size_t count) { return count ? line : line - 1; };
    out += fmt::format("@@ -{},{} +{},{} @@\n{}", start(old_line, old_count), old_count,
                       start(new_line, new_count), new_count, body);
    old_line += old_count;
    new_line += new_count;
  }
  return out;
}

}  // namespace marty::cli
