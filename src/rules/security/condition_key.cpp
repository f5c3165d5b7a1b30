#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::array<std::string_view, 12> kWhole{"source.ip",
                                                  "remote.ip",
                                                  "source.namespace",
                                                  "source.principal",
                                                  "source.trustDomain",
                                                  "source.serviceAccount",
                                                  "request.auth.principal",
                                                  "request.auth.audiences",
                                                  "request.auth.presenter",
                                                  "destination.ip",
                                                  "destination.port",
                                                  "connection.sni"};
constexpr std::array<std::string_view, 3> kNamed{"request.headers", "request.auth.claims",
                                                 "experimental.envoy.filters."};

/// "request.headers[x-user]": something between brackets, at the end.
bool has_name(std::string_view key) {
  const auto open = key.find('[');
  return key.ends_with(']') && open != key.npos && open > 0 && open + 2 < key.size();
}

void check_key(const Resource& policy, const Place& key, Report& report) {
  const std::string_view text = key.node.text;
  if (std::ranges::find(kWhole, text) != kWhole.end()) return;
  const auto named = std::ranges::find_if(kNamed, [&](auto start) { return text.starts_with(start); });
  if (named != kNamed.end()) {
    if (!has_name(text) || (!named->ends_with('.') && text[named->size()] != '['))
      report.at(policy, key, fmt::format("'{}' needs a name in brackets, as in {}[x]", text, *named));
    return;
  }
  auto& finding = report.at(policy, key, fmt::format("a condition knows no '{}'", text));
  if (text.starts_with("destination."))
    finding.notes.push_back({{}, "the workload is chosen by the policy's selector"});
  else
    suggest(finding, text, {kWhole.begin(), kWhole.end()});
}

void check(const Estate& estate, Report& report) {
  each(estate.of("AuthorizationPolicy", "security.istio.io"), "spec.rules[].when[].key",
       [&](const Resource* policy, const Place& key) { check_key(*policy, key, report); });
}

}  // namespace

extern const Rule condition_key{
    .id = "condition-key",
    .severity = Severity::kError,
    .peers = "IST0106 VAL",
    .title = "a condition asks for an attribute that requests do not have",
    .why =
        "'when' compares attributes of the caller, the request and the connection, by a fixed list of names; "
        "headers and claims stand in brackets. Istio's webhook refuses other names. Whoever disables the "
        "webhook gets a rule that matches nobody.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - when:
    - key: request.header[x-user] # <<
      values: [jo]
    - key: destination.labels[app] # <<
      values: [pets]
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - when:
    - key: request.headers[x-user]
      values: [jo]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
