#include <fmt/format.h>

#include <algorithm>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool pattern(std::string_view text) { return text.find('*') != text.npos; }

/// "cluster.local/ns/shop/sa/web" → "shop"; empty when that is not certain.
std::string_view namespace_of(std::string_view principal) {
  const auto begin = principal.find("/ns/");
  if (begin == principal.npos || pattern(principal)) return {};
  const auto rest = principal.substr(begin + 4);
  return rest.substr(0, rest.find('/'));
}

/// Whether one of the values is left when both lists must hold; unsure means yes.
template <class Left>
bool any_left(const Node& values, const Node& allowed, Left left) {
  return std::any_of(values.children.begin(), values.children.end(), [&](const Node& value) {
    const std::string_view one = left(value.text);
    return one.empty() ||
           std::any_of(allowed.children.begin(), allowed.children.end(), [&](const Node& other) {
             return pattern(other.text) || pattern(one) || other.text == one;
           });
  });
}

void check_source(const Resource& policy, const Place& rule, const Place& source, Report& report) {
  const Node* principals = source.node.find("principals");
  const Node* namespaces = source.node.find("namespaces");
  if (principals == nullptr && namespaces == nullptr) return;
  const auto say = [&](const Node& at, const Node& other, std::string_view what) {
    report
        .at(policy, at, rule.path + "." + source.path,
            fmt::format("nobody can be both: these and {} have none in common, so the rule never holds",
                        what))
        .notes = {see(other, "the other condition"),
                  {{}, "conditions of one source must all hold; write two sources for 'either'"}};
  };
  if (principals != nullptr && namespaces != nullptr && !any_left(*principals, *namespaces, namespace_of))
    return say(*namespaces, *principals, "the namespaces of the principals");
  each(rule.node, "when[]", [&](const Place& when) {
    const auto key = text(when.node, "key");
    const Node* values = when.node.find("values");
    if (values == nullptr) return;
    const auto same = [](std::string_view text) { return text; };
    if (key == "source.principal" && principals != nullptr && !any_left(*principals, *values, same))
      say(*values, *principals, "'principals'");
    if (key == "source.namespace" && namespaces != nullptr && !any_left(*namespaces, *values, same))
      say(*values, *namespaces, "'namespaces'");
    if (key == "source.namespace" && principals != nullptr && !any_left(*principals, *values, namespace_of))
      say(*values, *principals, "the namespaces of the principals");
  });
}

void check(const Estate& estate, Report& report) {
  each(estate.of("AuthorizationPolicy", "security.istio.io"), "spec.rules[]",
       [&](const Resource* policy, const Place& rule) {
         // With several sources another one may still hold.
         if (const Node* from = rule.node.find("from"); from == nullptr || from->size() != 1) return;
         each(rule.node, "from[].source",
              [&](const Place& source) { check_source(*policy, rule, source, report); });
       });
}

}  // namespace

extern const Rule source_contradicts_itself{
    .id = "source-contradicts-itself",
    .severity = Severity::kError,
    .peers = "",
    .title = "an authorization rule that no caller can satisfy",
    .why =
        "The conditions of one source, and of 'when' beside it, must hold together. Principals of one "
        "namespace beside the name of another, or a 'when' that leaves none of them, hold for nobody: an "
        "ALLOW lets nobody in, a DENY keeps nobody out.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - from:
    - source:
        principals: [cluster.local/ns/front/sa/web]
        namespaces: [shop] # <<
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - from:
    - source: {principals: [cluster.local/ns/front/sa/web]}
    - source: {namespaces: [shop]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
