#include "dialect/istio/authorization_policy.hpp"

#include <fmt/format.h>

namespace marty::dialect::istio {

using Wire = AuthorizationPolicy;
using policy::Authorization;
using Kind = policy::StringMatch::Kind;

namespace {

/// Istio's forms: "*" any value, "abc*", "*abc", or exact.
policy::StringMatch pattern(const Text& text) {
  policy::StringMatch match;
  match.origin = text.origin;
  match.text = *text;
  if (match.text == "*") {
    match.kind = Kind::kPresent;
    match.text.clear();
  } else if (match.text.ends_with('*')) {
    match.kind = Kind::kPrefix;
    match.text.pop_back();
  } else if (match.text.starts_with('*')) {
    match.kind = Kind::kSuffix;
    match.text.erase(0, 1);
  }
  return match;
}

Authorization::Patterns patterns(const TextList& texts) {
  Authorization::Patterns out;
  out.reserve(texts.size());
  for (const auto& text : texts) out.push_back(pattern(text));
  return out;
}

/// "sa" or "ns/sa" as the principal it stands for.
void add_accounts(const TextList& accounts, const std::string& ns, Authorization::Patterns& principals) {
  for (const auto& account : accounts) {
    const auto slash = account->find('/');
    const std::string home = slash == account->npos ? ns : account->substr(0, slash);
    const std::string name = slash == account->npos ? *account : account->substr(slash + 1);
    principals.push_back(pattern({fmt::format("cluster.local/ns/{}/sa/{}", home, name), account.origin}));
  }
}

Authorization::Source source_of(const Wire::Source& wire, const std::string& ns) {
  Authorization::Source source;
  source.origin = wire.origin;
  source.principals = patterns(wire.principals);
  source.not_principals = patterns(wire.not_principals);
  source.namespaces = patterns(wire.namespaces);
  source.not_namespaces = patterns(wire.not_namespaces);
  source.ip_blocks = wire.ip_blocks;
  source.not_ip_blocks = wire.not_ip_blocks;
  add_accounts(wire.service_accounts, ns, source.principals);
  add_accounts(wire.not_service_accounts, ns, source.not_principals);
  return source;
}

Authorization::Operation operation_of(const Wire::Operation& wire) {
  Authorization::Operation operation;
  operation.origin = wire.origin;
  operation.hosts = patterns(wire.hosts);
  operation.not_hosts = patterns(wire.not_hosts);
  operation.methods = patterns(wire.methods);
  operation.not_methods = patterns(wire.not_methods);
  operation.paths = patterns(wire.paths);
  operation.not_paths = patterns(wire.not_paths);
  operation.ports = wire.ports;
  operation.not_ports = wire.not_ports;
  return operation;
}

/// Whether the rule asks for something that is not decided here (tokens, trust domains, forwarded addresses).
bool asks_too_much(const Wire::Source& s) {
  return !s.request_principals.empty() || !s.not_request_principals.empty() || !s.remote_ip_blocks.empty() ||
         !s.not_remote_ip_blocks.empty() || !s.trust_domains.empty() || !s.not_trust_domains.empty();
}

bool asks_too_much(const Wire::Rule& rule) {
  if (!rule.from) return false;
  for (const auto& from : *rule.from) {
    if (from.source && asks_too_much(*from.source)) return true;
  }
  return false;
}

Authorization::Rule rule_of(const Wire::Rule& wire, const std::string& ns) {
  Authorization::Rule rule;
  rule.origin = wire.origin;
  if (wire.from) {
    for (const auto& from : *wire.from) {
      if (from.source) rule.from.push_back(source_of(*from.source, ns));
    }
  }
  if (wire.to) {
    for (const auto& to : *wire.to) {
      if (to.operation) rule.to.push_back(operation_of(*to.operation));
    }
  }
  if (wire.when) {
    for (const auto& when : *wire.when) {
      rule.when.push_back({*when.key, patterns(when.values), patterns(when.not_values), when.origin});
    }
  }
  return rule;
}

}  // namespace

void read_authorization_policy(const manifest::Resource& resource, mesh::Model& model, Diagnostics& found) {
  manifest::Manifest<Wire> manifest;
  manifest::decode(resource.root, manifest, resource.ref(), found);
  const Wire& wire = manifest.spec;
  const auto dry_run = manifest.metadata.annotations.find(kDryRun);
  if (wire.target_ref || !wire.target_refs.empty())
    return;                                          // for gateways and waypoints; said by the field table
  if (*wire.action == Wire::Action::kAudit) return;  // never decides anything
  if (*wire.action == Wire::Action::kCustom) {
    found
        .error("not-enforced", {wire.action.origin, 6},
               "marty has no external authorizer, so CUSTOM cannot be carried out")
        .object = resource.ref();
    return;
  }
  mesh::AuthorizationScope scope;
  if (wire.selector) scope.selector = wire.selector->match_labels;
  scope.policy.ns = *resource.ns;
  scope.policy.name = *resource.name;
  scope.policy.origin = resource.name.origin;
  scope.dry_run = dry_run != manifest.metadata.annotations.end() && dry_run->second == "true";
  const bool deny = *wire.action == Wire::Action::kDeny;
  scope.policy.action = deny ? Authorization::Action::kDeny : Authorization::Action::kAllow;
  if (wire.rules) {
    for (const auto& rule : *wire.rules) {
      // Fail closed: without the condition a DENY denies more; an ALLOW would allow more, so it allows
      // nothing.
      if (!deny && asks_too_much(rule)) continue;
      scope.policy.rules.push_back(rule_of(rule, scope.policy.ns));
    }
  }
  model.authorization.push_back(std::move(scope));
}

namespace {

TextList written(const Authorization::Patterns& from) {
  TextList out;
  for (const auto& match : from) {
    const std::string text = match.kind == Kind::kPresent  ? "*"
                             : match.kind == Kind::kPrefix ? match.text + "*"
                             : match.kind == Kind::kSuffix ? "*" + match.text
                                                           : match.text;
    out.push_back({text, match.origin});
  }
  return out;
}

Wire::Source written(const Authorization::Source& from) {
  Wire::Source wire;
  wire.principals = written(from.principals);
  wire.not_principals = written(from.not_principals);
  wire.namespaces = written(from.namespaces);
  wire.not_namespaces = written(from.not_namespaces);
  wire.ip_blocks = from.ip_blocks;
  wire.not_ip_blocks = from.not_ip_blocks;
  return wire;
}

Wire::Operation written(const Authorization::Operation& from) {
  Wire::Operation wire;
  wire.hosts = written(from.hosts);
  wire.not_hosts = written(from.not_hosts);
  wire.methods = written(from.methods);
  wire.not_methods = written(from.not_methods);
  wire.paths = written(from.paths);
  wire.not_paths = written(from.not_paths);
  wire.ports = from.ports;
  wire.not_ports = from.not_ports;
  return wire;
}

Wire::Rule written(const Authorization::Rule& from) {
  Wire::Rule wire;
  for (const auto& source : from.from) {
    if (!wire.from) wire.from.emplace();
    wire.from->push_back({written(source)});
  }
  for (const auto& operation : from.to) {
    if (!wire.to) wire.to.emplace();
    wire.to->push_back({written(operation)});
  }
  for (const auto& when : from.when) {
    if (!wire.when) wire.when.emplace();
    wire.when->push_back({{when.key, when.origin}, written(when.values), written(when.not_values), {}});
  }
  return wire;
}

}  // namespace

AuthorizationPolicy from_model(const mesh::AuthorizationScope& scope) {
  Wire wire;
  if (!scope.selector.empty()) wire.selector = WorkloadSelector{scope.selector};
  const bool deny = scope.policy.action == Authorization::Action::kDeny;
  wire.action = {deny ? Wire::Action::kDeny : Wire::Action::kAllow, scope.policy.origin};
  for (const auto& rule : scope.policy.rules) {
    if (!wire.rules) wire.rules.emplace();
    wire.rules->push_back(written(rule));
  }
  if (deny && !wire.rules) wire.rules.emplace();
  return wire;
}

}  // namespace marty::dialect::istio
