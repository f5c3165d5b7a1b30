#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "dialect/marty/mesh_yaml_fields.hpp"
#include "dialect/names.hpp"
#include "manifest/duration.hpp"

namespace marty::dialect {

using manifest::Node;
using manifest::Reader;
using mesh::PolicyFile;

SourceRange at(const Sourced<std::string>& text) {
  return {text.origin, static_cast<std::uint16_t>(std::min<std::size_t>(text->size(), 999))};
}

void check_unique(const std::vector<Sourced<std::string>>& names, std::string_view what, Reader& reader) {
  for (auto name = names.begin(); name != names.end(); ++name) {
    const auto first = std::find(names.begin(), name, *name);
    if (first == name) continue;
    reader.error("duplicate-name", at(*name), fmt::format("two {} are called '{}'", what, **name))
        .notes.push_back({at(*first), "the first one"});
  }
}

void check_gate(const PolicyFile::HeaderGate& gate, const Node* header, Reader& reader) {
  if (!header) return;
  if (header->size() != 1) {
    reader.error("invalid-value", header->range(), "'header' takes exactly one header and its value");
  } else if (!is_header_name(*gate.name)) {
    reader.error("invalid-value", at(gate.name), fmt::format("'{}' is no header name", *gate.name));
  }
}

namespace {

const mesh::PolicyFile::Version* check_version(const PolicyFile& file, const Sourced<std::string>& name,
                                               Reader& reader) {
  std::vector<std::string_view> names;
  for (const auto& [known, version] : file.workload.versions) {
    if (known == name) return &version;
    names.push_back(*known);
  }
  auto& finding =
      reader.error("unknown-version", at(name), fmt::format("spec.workload.versions has no '{}'", *name));
  const auto near = closest(*name, names);
  finding.notes.push_back(
      {{},
       near ? fmt::format("did you mean '{}'?", *near) : fmt::format("it has: {}", fmt::join(names, ", "))});
  return nullptr;
}

/// Requests that are sent to a version without pods fail, all of them.
void check_has_pods(const PolicyFile& file, const Sourced<std::string>& name, Reader& reader) {
  const auto* version = check_version(file, name, reader);
  if (!version || *version->replicas != 0) return;
  reader
      .error("no-pods", at(name),
             fmt::format("requests go to '{}', which has no replicas: they would get 503", *name))
      .notes.push_back({{version->replicas.origin, 0}, "its replicas"});
}

void check_split(const PolicyFile& file, const Node& routing, Reader& reader) {
  const auto& split = file.routing.split;
  std::uint64_t sum = 0;
  for (const auto& [version, weight] : split) {
    sum += *weight;
    if (*weight == 0) {
      check_version(file, version, reader);
    } else {
      check_has_pods(file, version, reader);
    }
  }
  if (!split.empty() && sum != 100) {
    auto& finding = reader.error("split-sum", routing.find("split")->range(),
                                 fmt::format("the split adds up to {}, not to 100", sum));
    const auto& [last, weight] = split.back();
    if (const auto others = sum - *weight; others <= 100)
      finding.notes.push_back({{}, fmt::format("with {}: {} it would", *last, 100 - others)});
  }
  const auto left = mesh::everybody_else(file);
  if (!split.empty() || left.size() < 2) return;
  std::vector<std::string> shares;
  for (const auto& [version, weight] : left)
    shares.push_back(*version + ": " + (shares.empty() ? "100" : "0"));
  reader
      .error("missing-field", routing.range(),
             fmt::format("where do the other requests go? {} versions are left", left.size()))
      .notes.push_back({{}, fmt::format("say it: split: {{{}}}", fmt::join(shares, ", "))});
}

bool is_cookie_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

void check_experiment(const PolicyFile::Experiment& experiment, const Node& node, Reader& reader) {
  if (!experiment.header && !experiment.cookie)
    reader.error("missing-field", node.range(), "an experiment needs 'header' or 'cookie': whose requests?");
  if (experiment.header) check_gate(*experiment.header, node.find("header"), reader);
  if (experiment.cookie) {
    const auto& [name, value] = *experiment.cookie;
    const Node* cookie = node.find("cookie");
    if (cookie->size() != 1) {
      reader.error("invalid-value", cookie->range(), "'cookie' takes exactly one cookie and its value");
    } else if (!is_cookie_word(*name) || !is_cookie_word(*value)) {
      reader.error("invalid-value", at(name),
                   "a cookie's name and value here are of letters, digits, '_' and '-'");
    }
    if (experiment.match.written())
      reader.error("conflicting-fields", at(experiment.match),
                   "'match' is for headers; a cookie is compared whole");
  }
  if (!experiment.header || *experiment.match != "regex") return;
  std::string why;
  if (!policy::Regex::compile(*experiment.header->value, why))
    reader.error("invalid-value", at(experiment.header->value),
                 fmt::format("this is no RE2 expression that the meshes take: {}", why));
}

/// An audience behind an equal one never gets a request.
void check_audiences(const PolicyFile& file, Reader& reader) {
  const auto all = mesh::audiences(file);
  for (auto one = all.begin(); one != all.end(); ++one) {
    const auto earlier =
        std::find_if(all.begin(), one, [&](const auto& e) { return e.header == one->header; });
    if (earlier == one) continue;
    reader
        .error("never-reached", {one->header.match.origin, 0},
               fmt::format("'{}' has the same header as '{}', which comes first", one->name, earlier->name))
        .notes.push_back({{earlier->header.match.origin, 0}, "the one that counts"});
  }
}

void check_retries(const PolicyFile& file, Reader& reader) {
  const auto& retries = file.routing.retries;
  if (!retries || !retries->per_try_timeout || !file.routing.timeout) return;
  const Duration all = **retries->per_try_timeout * (*retries->attempts + 1);
  if (all <= **file.routing.timeout) return;
  reader
      .warning("retries-beyond-timeout", {retries->per_try_timeout->origin, 0},
               fmt::format("{} tries of {} may take {}, but the timeout ends them at {}",
                           *retries->attempts + 1, manifest::print_duration(**retries->per_try_timeout),
                           manifest::print_duration(all), manifest::print_duration(**file.routing.timeout)))
      .notes.push_back({{file.routing.timeout->origin, 0}, "the timeout"});
}

}  // namespace

void check_routing(const PolicyFile& file, const Node& spec, Reader& reader) {
  const Node* routing = spec.find("routing");
  if (!routing) return;
  const auto& canary = file.routing.canary;
  std::vector<Sourced<std::string>> names;
  if (canary) {
    names.push_back({"canary", canary->origin});
    check_has_pods(file, canary->version, reader);
    check_gate(canary->header, routing->find("canary")->find("header"), reader);
  }
  for (std::size_t i = 0; i < file.routing.experiments.size(); ++i) {
    const auto& experiment = file.routing.experiments[i];
    names.push_back(experiment.name);
    check_has_pods(file, experiment.version, reader);
    check_experiment(experiment, routing->find("experiments")->children[i], reader);
  }
  check_unique(names, "audiences", reader);
  const bool sound = std::all_of(file.routing.experiments.begin(), file.routing.experiments.end(),
                                 [](const auto& e) { return e.header || e.cookie; });
  if (!sound) return;
  check_audiences(file, reader);
  check_split(file, *routing, reader);
  check_retries(file, reader);
}

}  // namespace marty::dialect
