#include "core/edit.hpp"

#include <algorithm>
#include <numeric>

namespace marty {

namespace {

struct Span {
  std::size_t begin = std::string_view::npos, end = 0;
  bool found() const { return begin != std::string_view::npos; }
};

std::size_t after_characters(std::string_view text, std::size_t at, std::size_t count) {
  const auto continues = [&] {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
  };
  while (count-- > 0 && at < text.size() && text[at] != '\n') {
    ++at;
    while (continues()) ++at;
  }
  return at;
}

/// Where each line begins.
std::vector<std::size_t> lines_of(std::string_view text) {
  std::vector<std::size_t> out{0};
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n') out.push_back(i + 1);
  return out;
}

Span span_of(std::string_view text, const std::vector<std::size_t>& lines, const SourceRange& range) {
  const auto at = range.begin;
  if (!at.known() || at.line > lines.size() || at.column == 0) return {};
  Span out;
  out.begin = after_characters(text, lines[at.line - 1], at.column - 1u);
  out.end = after_characters(text, out.begin, range.length);
  return out;
}

}  // namespace

Edited apply_fixes(std::string_view text, const std::vector<const Fix*>& fixes) {
  const auto lines = lines_of(text);
  std::vector<Span> spans;
  for (const auto* fix : fixes) spans.push_back(span_of(text, lines, fix->range));
  std::vector<std::size_t> order(fixes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return spans[a].begin < spans[b].begin; });

  Edited out{{}, std::vector<bool>(fixes.size(), false)};
  std::size_t copied = 0;
  bool any = false;
  for (const auto i : order) {
    const auto& span = spans[i];
    if (!span.found() || (any && span.begin < copied)) continue;
    out.text.append(text.substr(copied, span.begin - copied)).append(fixes[i]->replacement);
    copied = span.end;
    out.done[i] = any = true;
  }
  out.text.append(text.substr(copied));
  return out;
}

}  // namespace marty
