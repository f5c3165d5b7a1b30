#include <fmt/format.h>

#include <algorithm>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::string_view kMethods[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                         "CONNECT", "OPTIONS", "TRACE", "PATCH"};

void check_one(const Resource& policy, const Place& method, Report& report) {
  const std::string_view said = method.node.text;
  if (said.find('*') != said.npos ||
      std::find(std::begin(kMethods), std::end(kMethods), said) != std::end(kMethods))
    return;
  auto& finding = report.at(policy, method, fmt::format("no request has the method '{}'", said));
  std::string upper(said);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  if (const auto near = closest(upper, {std::begin(kMethods), std::end(kMethods)})) {
    finding.notes.push_back(
        {{}, fmt::format("methods are compared as they are written: did you mean '{}'?", *near)});
    if (*near == upper)
      finding.fix = Fix{method.node.range(), method.node.is_text ? '"' + upper + '"' : upper};
  }
}

void check(const Estate& estate, Report& report) {
  each(estate.of("AuthorizationPolicy", "security.istio.io"),
       {"spec.rules[].to[].operation.methods[]", "spec.rules[].to[].operation.notMethods[]"},
       [&](const Resource* policy, const Place& method) { check_one(*policy, method, report); });
  each(estate.of("ServiceProfile"),
       {"spec.routes[].condition.method", "spec.routes[].condition.all[].method",
        "spec.routes[].condition.any[].method", "spec.routes[].condition.not.method"},
       [&](const Resource* profile, const Place& method) { check_one(*profile, method, report); });
}

}  // namespace

extern const Rule unknown_method{
    .id = "unknown-method",
    .severity = Severity::kWarning,
    .peers = "KIA0102",
    .title = "a policy names a method that HTTP does not have",
    .why =
        "Methods are compared letter by letter, and in upper case on the wire. A rule with 'get' or 'GETS' "
        "matches no request; in an ALLOW that keeps its callers out, and a ServiceProfile's route counts and "
        "retries nothing. (A gRPC call is always a POST.)",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - to: [{operation: {methods: [get]}}] # <<
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - to: [{operation: {methods: [GET]}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
