#include <fmt/format.h>

#include "dialect/istio/authorization_policy.hpp"

namespace marty::dialect::istio {

using namespace manifest;
using Policy = AuthorizationPolicy;

namespace {

bool is_not_empty(std::string_view text) { return !text.empty(); }
constexpr Wants kNotEmpty{is_not_empty, "a value: empty texts are refused"};

bool is_port_text(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == text.npos;
}
constexpr Wants kPortText{is_port_text, "a port number in quotes, such as \"8080\""};

void refuse_empty(const Node& node, Reader& reader) {
  if (node.size() == 0)
    reader.error("missing-field", node.range(), "this matches nothing as it is empty; Istio refuses it");
}

void check_source(const Policy::Source& source, const Node& node, Reader& reader) {
  refuse_empty(node, reader);
  const bool accounts = !source.service_accounts.empty() || !source.not_service_accounts.empty();
  const bool others = !source.principals.empty() || !source.not_principals.empty() ||
                      !source.namespaces.empty() || !source.not_namespaces.empty();
  if (accounts && others) {
    reader.error("conflicting-fields", node.range(),
                 "serviceAccounts cannot be combined with principals or namespaces");
  }
}

void check_operation(const Policy::Operation&, const Node& node, Reader& reader) {
  refuse_empty(node, reader);
}

void check_from(const Policy::From& from, const Node& node, Reader& reader) {
  if (!from.source) reader.error("missing-field", node.range(), "an item of 'from' needs 'source'");
}

void check_to(const Policy::To& to, const Node& node, Reader& reader) {
  if (!to.operation) reader.error("missing-field", node.range(), "an item of 'to' needs 'operation'");
}

void check_condition(const Policy::Condition& condition, const Node& node, Reader& reader) {
  if (condition.values.empty() && condition.not_values.empty()) {
    reader.error("missing-field", node.range(), "a condition needs 'values' or 'notValues'");
  }
}

void check_rule(const Policy::Rule& rule, const Node& node, Reader& reader) {
  const auto refuse = [&](std::string_view key) {
    reader.error("missing-field", node.find(key)->range(),
                 fmt::format("'{}' is present but empty; leave it out to mean everything", key));
  };
  if (rule.from && rule.from->empty()) refuse("from");
  if (rule.to && rule.to->empty()) refuse("to");
}

void check_policy(const Policy& policy, const Node& node, Reader& reader) {
  const bool custom = *policy.action == Policy::Action::kCustom;
  if ((custom || *policy.action == Policy::Action::kDeny) && !policy.rules) {
    reader.error("missing-field", node.range(),
                 "a DENY or CUSTOM policy without 'rules' is never triggered; Istio refuses it");
  }
  if (custom != policy.provider.has_value()) {
    reader.error("conflicting-fields", node.range(),
                 "'provider' belongs to action CUSTOM, and CUSTOM needs it");
  }
  const int scopes =
      policy.selector.has_value() + policy.target_ref.has_value() + !policy.target_refs.empty();
  if (scopes > 1)
    reader.error("conflicting-fields", node.range(), "use one of selector, targetRef and targetRefs");
}

}  // namespace

std::span<const Spelling> spellings(Tag<Policy::Action>) {
  using A = Policy::Action;
  static constexpr Spelling kAll[] = {spell("ALLOW", A::kAllow), spell("DENY", A::kDeny),
                                      spell("AUDIT", A::kAudit), spell("CUSTOM", A::kCustom)};
  return kAll;
}

const Table& fields(Tag<Policy::Provider>) {
  static const Fields<Policy::Provider> table{"ExtensionProvider", {ignored("name")}};
  return table;
}

const Table& fields(Tag<Policy::Source>) {
  using S = Policy::Source;
  static const Fields<S> table{
      "Source",
      {field("principals", &S::principals, kNotEmpty, "<trust domain>/ns/<namespace>/sa/<account>"),
       field("notPrincipals", &S::not_principals, kNotEmpty), field("namespaces", &S::namespaces, kNotEmpty),
       field("notNamespaces", &S::not_namespaces, kNotEmpty), field("ipBlocks", &S::ip_blocks, kNotEmpty),
       field("notIpBlocks", &S::not_ip_blocks, kNotEmpty),
       field("serviceAccounts", &S::service_accounts, kNotEmpty),
       field("notServiceAccounts", &S::not_service_accounts, kNotEmpty),
       field("requestPrincipals", &S::request_principals, kNotEmpty, kNotEnforced),
       field("notRequestPrincipals", &S::not_request_principals, kNotEmpty, kNotEnforced),
       field("remoteIpBlocks", &S::remote_ip_blocks, kNotEmpty, kNotEnforced),
       field("notRemoteIpBlocks", &S::not_remote_ip_blocks, kNotEmpty, kNotEnforced),
       field("trustDomains", &S::trust_domains, kNotEmpty, kNotEnforced),
       field("notTrustDomains", &S::not_trust_domains, kNotEmpty, kNotEnforced)},
      check_source};
  return table;
}

const Table& fields(Tag<Policy::Operation>) {
  using O = Policy::Operation;
  static const Fields<O> table{
      "Operation",
      {field("hosts", &O::hosts, kNotEmpty), field("notHosts", &O::not_hosts, kNotEmpty),
       field("ports", &O::ports, kPortText, "the workload's ports, as texts"),
       field("notPorts", &O::not_ports, kPortText), field("methods", &O::methods, kNotEmpty),
       field("notMethods", &O::not_methods, kNotEmpty),
       field("paths", &O::paths, kNotEmpty, "exact, prefix* or *suffix"),
       field("notPaths", &O::not_paths, kNotEmpty)},
      check_operation};
  return table;
}

const Table& fields(Tag<Policy::From>) {
  static const Fields<Policy::From> table{"From", {field("source", &Policy::From::source)}, check_from};
  return table;
}

const Table& fields(Tag<Policy::To>) {
  static const Fields<Policy::To> table{"To", {field("operation", &Policy::To::operation)}, check_to};
  return table;
}

const Table& fields(Tag<Policy::Condition>) {
  using C = Policy::Condition;
  static const Fields<C> table{
      "Condition",
      {field("key", &C::key, kRequired, kNotEmpty), field("values", &C::values, kNotEmpty),
       field("notValues", &C::not_values, kNotEmpty)},
      check_condition};
  return table;
}

const Table& fields(Tag<Policy::Rule>) {
  using R = Policy::Rule;
  static const Fields<R> table{
      "Rule", {field("from", &R::from), field("to", &R::to), field("when", &R::when)}, check_rule};
  return table;
}

const Table& fields(Tag<Policy>) {
  static const Fields<Policy> table{
      "AuthorizationPolicy.spec",
      {field("selector", &Policy::selector, "without it the whole namespace"),
       field("targetRef", &Policy::target_ref, kNotEnforced),
       field("targetRefs", &Policy::target_refs, kNotEnforced), field("action", &Policy::action),
       field("provider", &Policy::provider), field("rules", &Policy::rules)},
      check_policy};
  return table;
}

}  // namespace marty::dialect::istio
