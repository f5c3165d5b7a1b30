#include "rollout/status.hpp"

#include <fmt/format.h>

#include <charconv>

#include "rollout/checks/checks.hpp"

namespace marty::rollout {

using manifest::Resource;

namespace {

struct Section {
  std::string_view name;
  void (*run)(const Evidence&, Report&);
};
constexpr Section kSections[] = {
#define CHECK(x) {#x, checks::x},
#include "rollout/checks/checks.inc"
#undef CHECK
};

/// The first two numbers of "v1.30.2-x"; nothing when it does not begin that way.
std::optional<std::pair<int, int>> minor_version(std::string_view text) {
  if (text.starts_with("stable-")) text.remove_prefix(7);
  if (text.starts_with('v')) text.remove_prefix(1);
  int major = 0, minor = 0;
  const char* end = text.data() + text.size();
  const auto [dot, bad] = std::from_chars(text.data(), end, major);
  if (bad != std::errc() || dot == end || *dot != '.') return std::nullopt;
  if (std::from_chars(dot + 1, end, minor).ec != std::errc()) return std::nullopt;
  return std::pair{major, minor};
}

}  // namespace

std::string_view to_string(Level level) {
  return level == Level::kOk ? "ok" : level == Level::kWarning ? "warning" : "failed";
}

Check& Report::add(Level level, std::string subject, std::string says) {
  return checks.emplace_back(Check{section_, level, std::move(subject), std::move(says), {}, {}});
}
void Report::ok(std::string subject, std::string says) {
  add(Level::kOk, std::move(subject), std::move(says));
}
Check& Report::warning(std::string subject, std::string says) {
  return add(Level::kWarning, std::move(subject), std::move(says));
}
Check& Report::failed(std::string subject, std::string says) {
  return add(Level::kFailed, std::move(subject), std::move(says));
}

std::vector<Check> evaluate(const Evidence& evidence) {
  std::vector<Check> all;
  for (const auto& section : kSections) {
    Report report{std::string(section.name)};
    section.run(evidence, report);
    std::move(report.checks.begin(), report.checks.end(), std::back_inserter(all));
  }
  return all;
}

std::vector<const Resource*> live_of(const Evidence& evidence, std::string_view group,
                                     std::string_view kind) {
  std::vector<const Resource*> out;
  for (const auto& resource : evidence.wanted) {
    if (*resource.kind != kind || resource.group() != group) continue;
    const auto live = evidence.survey.live.find(key_of(resource));
    if (live != evidence.survey.live.end()) out.push_back(&live->second);
  }
  return out;
}

std::string kubectl_command(const Evidence& evidence, std::string_view verb, const Key& key) {
  return fmt::format("{}{} {} {}", evidence.kubectl, key.ns.empty() ? "" : " -n " + key.ns, verb,
                     kubectl_name(key));
}

std::string image_tag(std::string_view image) {
  const auto digest = image.find('@');
  image = image.substr(0, digest);
  const auto colon = image.rfind(':');
  const bool port = colon != image.npos && image.find('/', colon) != image.npos;
  return colon == image.npos || port ? std::string() : std::string(image.substr(colon + 1));
}

bool same_minor(std::string_view version, std::string_view target) {
  const auto a = minor_version(version);
  return a && a == minor_version(target);
}

}  // namespace marty::rollout
