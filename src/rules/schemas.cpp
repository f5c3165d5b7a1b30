#include "rules/schemas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "schema/check.hpp"

namespace marty::rules {

namespace {
constexpr std::size_t kStretch = 32;  ///< objects that are taken at a time
}

SchemaCheck::SchemaCheck(const schema::Catalog& catalog, const std::vector<manifest::Resource>& objects)
    : catalog_(catalog), objects_(objects), found_((objects.size() + kStretch - 1) / kStretch) {}

void SchemaCheck::work() {
  schema::Checker checker(catalog_);
  std::size_t unknown = 0;
  for (std::size_t stretch = next_++; stretch < found_.size(); stretch = next_++) {
    Diagnostics found;  // its own, so that threads do not wait for each other's memory
    const auto end = std::min((stretch + 1) * kStretch, objects_.size());
    for (auto at = stretch * kStretch; at < end; ++at) {
      const auto& object = objects_[at];
      if (object.group() != "marty.dev" && !checker.check(object, found)) ++unknown;
    }
    found_[stretch] = std::move(found);
  }
  unknown_ += unknown;
}

std::size_t SchemaCheck::finish(Diagnostics& into) {
  for (Diagnostics& found : found_)
    for (Diagnostic& finding : found.all()) into.add(std::move(finding));
  return unknown_;
}

namespace {

/// Equal for findings that a reader could not tell apart, once their places are the same.
std::string words_of(const Diagnostic& finding) {
  std::string out = fmt::format("{}\n{}", finding.rule, finding.message);
  for (const auto& [where, text] : finding.notes)
    out += fmt::format("\n{}:{}:{} {}", where.begin.file, where.begin.line, where.begin.column, text);
  return out;
}

}  // namespace

void add_what_is_new(Diagnostics& into, Diagnostics more) {
  using At = std::tuple<std::uint16_t, std::uint32_t, std::uint16_t>;
  const auto place = [](const Diagnostic& finding) {
    const Origin at = finding.where.begin;
    return At(at.file, at.line, at.column);
  };
  std::set<At> said;
  for (const auto& finding : into.all()) {
    if (finding.where.begin.known()) said.insert(place(finding));
  }
  std::set<std::pair<At, std::string>> once;
  for (auto& finding : more.all()) {
    const auto at = place(finding);
    const bool known = finding.where.begin.known();
    if (known && (said.contains(at) || !once.emplace(at, words_of(finding)).second)) continue;
    into.add(std::move(finding));
  }
}

}  // namespace marty::rules
