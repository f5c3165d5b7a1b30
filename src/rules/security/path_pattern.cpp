#include <fmt/format.h>

#include <algorithm>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// What is wrong with a path that has braces; empty when it is a template.
std::string_view template_fault(std::string_view path) {
  bool ended = false;
  while (!path.empty()) {
    const auto open = path.find_first_of("{}");
    if (open == path.npos) return {};
    path.remove_prefix(open);
    if (ended) return "{**} takes all that is left, so nothing can stand behind it but text";
    if (path.starts_with("{*}")) {
      path.remove_prefix(3);
    } else if (path.starts_with("{**}")) {
      path.remove_prefix(4);
      ended = true;
    } else {
      return "of braces there are {*}, for one segment, and {**}, for the rest";
    }
  }
  return {};
}

void check_path(const Resource& policy, const Place& path, Report& report) {
  const std::string_view text = path.node.text;
  if (text.find_first_of("{}") != text.npos) {
    if (const auto fault = template_fault(text); !fault.empty()) report.at(policy, path, std::string(fault));
    return;
  }
  if (text.empty() || text.starts_with('/') || text.starts_with('*')) return;
  auto& finding = report.at(policy, path, fmt::format("every path begins with '/': none is '{}'", text));
  finding.severity = Severity::kWarning;
  if (text.find("://") == text.npos) finding.notes.push_back({{}, fmt::format("did you mean '/{}'?", text)});
}

void check(const Estate& estate, Report& report) {
  each(estate.of("AuthorizationPolicy", "security.istio.io"),
       {"spec.rules[].to[].operation.paths[]", "spec.rules[].to[].operation.notPaths[]"},
       [&](const Resource* policy, const Place& path) { check_path(*policy, path, report); });
}

}  // namespace

extern const Rule path_pattern{
    .id = "path-pattern",
    .severity = Severity::kError,
    .peers = "IST0106 VAL",
    .title = "a path in a policy that is no path, or no template",
    .why =
        "Paths are compared whole, or from one end when they begin or end with '*'; a request's begins with "
        "a "
        "slash. With braces they are templates, in which {*} is one segment and {**} the rest: a parameter "
        "as "
        "in OpenAPI, {id}, is refused by Istio's webhook.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - to:
    - operation:
        methods: [GET]
        paths:
        - "/pets/{id}" # <<
        - orders # <<
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - to:
    - operation:
        methods: [GET]
        paths:
        - "/pets/{*}"
        - /orders
)",
    .check = check,
};

}  // namespace marty::rules::catalog
