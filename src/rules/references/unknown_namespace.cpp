#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Where namespaces are named, by kind.
struct Field {
  std::string_view kind;
  Way way;
};
constexpr std::array<Field, 9> kFields{{{"AuthorizationPolicy", "spec.rules[].from[].source.namespaces[]"},
                                        {"AuthorizationPolicy", "spec.rules[].from[].source.notNamespaces[]"},
                                        {"VirtualService", "spec.exportTo[]"},
                                        {"DestinationRule", "spec.exportTo[]"},
                                        {"ServiceEntry", "spec.exportTo[]"},
                                        {"VirtualService", "spec.http[].match[].sourceNamespace"},
                                        {"ReferenceGrant", "spec.from[].namespace"},
                                        {"ServiceMonitor", "spec.namespaceSelector.matchNames[]"},
                                        {"PodMonitor", "spec.namespaceSelector.matchNames[]"}}};

bool digits(std::string_view text) { return text.find_first_not_of("0123456789") == text.npos; }

/// "shop-a" and "shop-b", "team1" and "team2" are named apart on purpose: what differs is a number, or a
/// short word between dashes.
bool siblings(std::string_view a, std::string_view b) {
  std::size_t from = 0, behind = 0;
  const auto shorter = std::min(a.size(), b.size());
  while (from < shorter && a[from] == b[from]) ++from;
  while (behind < shorter - from && a[a.size() - 1 - behind] == b[b.size() - 1 - behind]) ++behind;
  const auto differs = [&](std::string_view text) { return text.substr(from, text.size() - behind - from); };
  const auto word = [&](std::string_view text) {
    const auto begin = text.rfind('-', from == 0 ? 0 : from - 1);
    const auto end = std::min(text.find('-', from), text.size());
    return end - (begin == text.npos ? 0 : begin + 1);
  };
  return (digits(differs(a)) && digits(differs(b))) || word(a) < 5 || word(b) < 5;
}

void check(const Estate& estate, Report& report) {
  const auto& known = estate.namespaces();
  const std::vector<std::string_view> names(known.begin(), known.end());
  std::map<std::string_view, std::optional<std::string>> guesses;  // many objects name the same few
  for (const auto& field : kFields)
    each(estate.of(field.kind), field.way, [&](const Resource* resource, const Place& named) {
      const std::string_view ns = named.node.text;
      if (ns.find_first_of("*.~") != ns.npos || known.contains(ns)) return;
      // Any other name may well be in the cluster.
      const auto [guess, fresh] = guesses.try_emplace(ns);
      if (fresh) guess->second = closest(ns, names);
      if (const auto& near = guess->second; near && !siblings(ns, *near))
        report.at(*resource, named, fmt::format("no namespace '{}' here", ns)).notes = {
            {{}, fmt::format("did you mean '{}'?", *near)}};
    });
}

}  // namespace

extern const Rule unknown_namespace{
    .id = "unknown-namespace",
    .severity = Severity::kWarning,
    .peers = "IST0101 KIA0101 KIA0005 KIA1601",
    .title = "a namespace that is nearly, but not quite, one of those here",
    .why =
        "A rule about a namespace that does not exist is in force and never applies: an ALLOW keeps its "
        "callers out, an export reaches nobody, a monitor finds no targets. Names that are unlike all "
        "others are taken for namespaces of the cluster.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: checkout}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - from: [{source: {namespaces: [chekout]}}] # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: checkout}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - from: [{source: {namespaces: [checkout]}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
