#include "policy/authorization.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "policy/ascii.hpp"
#include "policy/ip_block.hpp"

namespace marty::policy {
namespace {

using Patterns = Authorization::Patterns;
using Text = std::optional<std::string_view>;  ///< nothing: the request has no such attribute

/// The parts of "spiffe://<td>/ns/<ns>/sa/<sa>"; all nothing when the peer is not authenticated.
struct PeerIdentity {
  Text principal, trust_domain, ns, service_account;  ///< principal: without "spiffe://"
};

PeerIdentity parse_identity(std::string_view uri) {
  constexpr std::string_view kScheme = "spiffe://";
  if (!uri.starts_with(kScheme)) return {};
  PeerIdentity peer;
  uri.remove_prefix(kScheme.size());
  peer.principal = uri;
  const auto ns = uri.find("/ns/");
  if (ns == uri.npos) return peer;
  peer.trust_domain = uri.substr(0, ns);
  const auto sa = uri.find("/sa/", ns + 4);
  if (sa == uri.npos) return peer;
  peer.ns = uri.substr(ns + 4, sa - ns - 4);
  peer.service_account = uri.substr(sa + 4);
  return peer;
}

/// "*" means present; identities must not be empty either (Istio compiles it to the regex ".+").
bool identity_matches(const StringMatch& pattern, Text value) {
  if (!value) return false;
  return pattern.kind == StringMatch::Kind::kPresent ? !value->empty() : pattern.matches(*value);
}

template <class List, class Matches>
bool any_of(const List& list, Matches matches) {
  return std::any_of(list.begin(), list.end(), matches);
}

/// A field and its negation: one of `wanted` if there are any, and none of `unwanted`.
template <class List, class Matches>
bool passes(const List& wanted, const List& unwanted, Matches matches) {
  return (wanted.empty() || any_of(wanted, matches)) && !any_of(unwanted, matches);
}

bool in_block(std::string_view block, std::string_view ip) {
  const auto parsed = IpBlock::parse(block);
  const auto address = parse_ip(ip);
  return parsed && address && parsed->contains(*address);
}

bool is_port(std::string_view text, std::uint16_t port) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number == port;
}

/// The address a proxy in front has reported last, else the peer's own (Envoy without trusted hops).
std::string_view remote_ip(const RequestView& request) {
  std::string_view ip;
  for (const auto& line : request.headers)
    if (equals_ignoring_case(line.name, "x-forwarded-for")) ip = line.value;
  ip.remove_prefix(ip.rfind(',') + 1);  // npos + 1 is 0: no comma, the whole value
  while (ip.starts_with(' ')) ip.remove_prefix(1);
  while (ip.ends_with(' ')) ip.remove_suffix(1);
  return parse_ip(ip) ? ip : request.peer_ip;
}

/// One request against rules; holds what is computed once for all of them.
struct Evaluation {
  const RequestView& request;
  PeerIdentity peer = parse_identity(request.peer_identity);

  bool source(const Authorization::Source& source) const {
    const auto principal = [&](const StringMatch& p) { return identity_matches(p, peer.principal); };
    const auto ns = [&](const StringMatch& p) { return identity_matches(p, peer.ns); };
    const auto ip = [&](const auto& block) { return in_block(*block, request.peer_ip); };
    return passes(source.principals, source.not_principals, principal) &&
           passes(source.namespaces, source.not_namespaces, ns) &&
           passes(source.ip_blocks, source.not_ip_blocks, ip);
  }

  bool operation(const Authorization::Operation& operation) const {
    const auto host = [&](const StringMatch& p) { return p.matches_any_case(request.authority); };
    const auto method = [&](const StringMatch& p) { return p.matches(request.method); };
    const auto path = [&](const StringMatch& p) { return p.matches(request.path_only()); };
    const auto port = [&](const auto& text) { return is_port(*text, request.port); };
    return passes(operation.ports, operation.not_ports, port) &&
           passes(operation.methods, operation.not_methods, method) &&
           passes(operation.paths, operation.not_paths, path) &&
           passes(operation.hosts, operation.not_hosts, host);
  }

  /// Whether the attribute `key` has the value. Attributes we have no source for (JWT claims without
  /// RequestAuthentication, for one) are absent: no value matches them and every not-value holds.
  bool value(std::string_view key, const StringMatch& pattern, const std::string& policy_ns) const {
    if (key == "source.principal") return identity_matches(pattern, peer.principal);
    if (key == "source.namespace") return identity_matches(pattern, peer.ns);
    if (key == "source.trustDomain") return identity_matches(pattern, peer.trust_domain);
    if (key == "source.serviceAccount") return service_account(pattern.text, policy_ns);
    if (key == "source.ip") return in_block(pattern.text, request.peer_ip);
    if (key == "remote.ip") return in_block(pattern.text, remote_ip(request));
    if (key == "destination.port") return is_port(pattern.text, request.port);
    constexpr std::string_view kHeader = "request.headers[";
    if (!key.starts_with(kHeader) || !key.ends_with(']')) return false;
    const auto name = key.substr(kHeader.size(), key.size() - kHeader.size() - 1);
    return any_of(request.headers, [&](const Header& line) {
      return equals_ignoring_case(line.name, name) && pattern.matches(line.value);
    });
  }

  /// "sa" (of the policy's own namespace) or "ns/sa", exact.
  bool service_account(std::string_view wanted, std::string_view policy_ns) const {
    if (!peer.ns || !peer.service_account) return false;
    const auto slash = wanted.find('/');
    const auto ns = slash == wanted.npos ? policy_ns : wanted.substr(0, slash);
    return *peer.ns == ns && *peer.service_account == wanted.substr(slash + 1);  // npos + 1 is 0
  }

  bool rule(const Authorization::Rule& rule, const std::string& policy_ns) const {
    return (rule.from.empty() || any_of(rule.from, [&](const auto& s) { return source(s); })) &&
           (rule.to.empty() || any_of(rule.to, [&](const auto& o) { return operation(o); })) &&
           std::all_of(rule.when.begin(), rule.when.end(), [&](const Authorization::Condition& condition) {
             return passes(condition.values, condition.not_values,
                           [&](const StringMatch& p) { return value(condition.key, p, policy_ns); });
           });
  }

  /// The first matching rule of any policy with that action.
  std::optional<Authorization::Decision> first_match(const std::vector<Authorization::Policy>& policies,
                                                     Authorization::Action action) const {
    for (const auto& policy : policies) {
      if (policy.action != action) continue;
      for (std::size_t i = 0; i < policy.rules.size(); ++i)
        if (rule(policy.rules[i], policy.ns))
          return Authorization::Decision{action == Authorization::Action::kAllow, &policy, i,
                                         policy.rules[i].origin};
    }
    return {};
  }
};

}  // namespace

Authorization::Decision Authorization::decide(const std::vector<Policy>& policies,
                                              const RequestView& request) {
  const Evaluation evaluation{request};
  if (const auto denied = evaluation.first_match(policies, Action::kDeny)) return *denied;
  const auto first_allow = std::find_if(policies.begin(), policies.end(),
                                        [](const auto& p) { return p.action == Action::kAllow; });
  if (first_allow == policies.end()) return {};
  if (const auto allowed = evaluation.first_match(policies, Action::kAllow)) return *allowed;
  return {false, nullptr, 0, first_allow->origin};
}

std::string Authorization::Decision::details() const {
  if (allowed) return {};
  if (!policy) return "rbac_access_denied_matched_policy[none]";
  return fmt::format("rbac_access_denied_matched_policy[ns[{}]-policy[{}]-rule[{}]]", policy->ns,
                     policy->name, rule);
}

bool operator==(const Authorization::Source& a, const Authorization::Source& b) {
  return a.principals == b.principals && a.not_principals == b.not_principals &&
         a.namespaces == b.namespaces && a.not_namespaces == b.not_namespaces && a.ip_blocks == b.ip_blocks &&
         a.not_ip_blocks == b.not_ip_blocks;
}
bool operator==(const Authorization::Operation& a, const Authorization::Operation& b) {
  return a.hosts == b.hosts && a.not_hosts == b.not_hosts && a.methods == b.methods &&
         a.not_methods == b.not_methods && a.paths == b.paths && a.not_paths == b.not_paths &&
         a.ports == b.ports && a.not_ports == b.not_ports;
}
bool operator==(const Authorization::Condition& a, const Authorization::Condition& b) {
  return a.key == b.key && a.values == b.values && a.not_values == b.not_values;
}
bool operator==(const Authorization::Rule& a, const Authorization::Rule& b) {
  return a.from == b.from && a.to == b.to && a.when == b.when;
}
bool operator==(const Authorization::Policy& a, const Authorization::Policy& b) {
  return a.ns == b.ns && a.name == b.name && a.action == b.action && a.rules == b.rules;
}

}  // namespace marty::policy
