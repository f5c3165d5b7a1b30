#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/refusals.hpp"

namespace marty::rules::catalog {
namespace {

/// Fields of which a kind needs one to have any effect.
struct Kind {
  std::string_view kind, group;
  std::array<std::string_view, 4> fields;
  std::string_view then;
};
constexpr std::array<Kind, 5> kKinds{
    {{"RequestAuthentication", "security.istio.io", {"jwtRules"}, "no token is checked"},
     {"Telemetry",
      "telemetry.istio.io",
      {"tracing", "metrics", "accessLogging"},
      "nothing is measured otherwise"},
     {"DestinationRule",
      "networking.istio.io",
      {"trafficPolicy", "subsets", "exportTo", "workloadSelector"},
      "its host is treated as without it"},
     {"EnvoyFilter", "networking.istio.io", {"configPatches"}, "no proxy is changed"},
     {"HTTPLocalRateLimitPolicy",
      "policy.linkerd.io",
      {"total", "identity", "overrides"},
      "its Server is not limited"}}};

void check(const Estate& estate, Report& report) {
  for (const auto& kind : kKinds)
    for (const auto* resource : estate.of(kind.kind, kind.group)) {
      const Node* spec = resource->root.find("spec");
      const auto said = [&](std::string_view field) {
        return !field.empty() && spec != nullptr && has(*spec, field);
      };
      if (std::ranges::any_of(kind.fields, said)) continue;
      report.object(*resource, fmt::format("this {} says nothing: {}", kind.kind, kind.then)).notes = {
          {{}, fmt::format("it needs {}", kind.fields[0])}};
    }
}

}  // namespace

extern const Rule says_nothing{
    .id = "says-nothing",
    .severity = Severity::kWarning,
    .peers = "IST0167",
    .title = "a policy that has no effect, because what it is for is missing",
    .why =
        "Such an object is accepted and shown by every tool, and changes nothing: a RequestAuthentication "
        "without jwtRules lets tokens pass unchecked, a DestinationRule with a host alone sets no limit. "
        "Often "
        "the rest was lost in a merge or stands one level too high.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata:
  name: tokens # <<
  namespace: shop
spec:
  selector: {matchLabels: {app: pets}}
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata:
  name: tokens
  namespace: shop
spec:
  selector: {matchLabels: {app: pets}}
  jwtRules:
  - issuer: https://id.example.com
    jwksUri: https://id.example.com/keys
)",
    .check = check,
};

}  // namespace marty::rules::catalog
