#include "schema/check.hpp"

#include <algorithm>

#include "schema/rules.hpp"

namespace marty::schema {

struct Checker::Caches {
  Patterns patterns;
  Defaults defaults;
  RuleCaches rules{patterns, defaults};
  Ruled ruled;
};

Checker::Checker(const Catalog& catalog) : catalog_(catalog), caches_(std::make_unique<Caches>()) {}
Checker::~Checker() = default;

namespace {

SourceRange whole(const Sourced<std::string>& text) {
  return {text.origin, static_cast<std::uint16_t>(std::min<std::size_t>(text->size(), UINT16_MAX))};
}

/// Of some groups only a few kinds are known here: the operator's own kinds, Prometheus and others, are not.
bool is_whole(std::string_view group) { return group != "monitoring.coreos.com"; }

/// Of a group we know, a kind or version that it does not have.
void report_unknown(const Catalog& catalog, const manifest::Resource& resource, Diagnostics& found) {
  const auto versions = catalog.versions(resource.group(), *resource.kind);
  if (!versions.empty()) {
    auto& finding = found.error("unknown-version", whole(resource.api_version),
                                fmt::format("there is no {} in {}; it is served as {}", *resource.kind,
                                            *resource.api_version, fmt::join(versions, ", ")));
    finding.object = resource.ref();
    return;
  }
  auto& finding = found.error("unknown-kind", whole(resource.kind),
                              fmt::format("{} has no kind {}", *resource.api_version, *resource.kind));
  finding.object = resource.ref();
  if (const auto guess = closest(*resource.kind, catalog.kinds(resource.group()))) {
    finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *guess)});
    finding.fix = Fix{whole(resource.kind), *guess};
  }
}

}  // namespace

bool Checker::check(const manifest::Resource& resource, Diagnostics& found) {
  const auto known = catalog_.find(resource.group(), *resource.kind, resource.version());
  if (!known) {
    const bool kind_known = !catalog_.versions(resource.group(), *resource.kind).empty();
    if (!kind_known && (!is_whole(resource.group()) || catalog_.kinds(resource.group()).empty()))
      return false;
    report_unknown(catalog_, resource, found);
    return true;
  }
  Walk walk(catalog_, known, caches_->patterns, caches_->defaults, caches_->ruled, resource, found);
  if (known.kind->flags & kDeprecated) {
    walk.report(Severity::kWarning, "deprecated-version", whole(resource.api_version),
                fmt::format("{} of {} is deprecated; use {}", *resource.kind, *resource.api_version,
                            catalog_.versions(resource.group(), *resource.kind).front()),
                Place{});
  }
  walk.object();
  if (walk.errors() == 0) check_rules(walk, caches_->rules, resource.root, known.kind->schema);
  return true;
}

}  // namespace marty::schema
