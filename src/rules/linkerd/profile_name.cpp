#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* profile : estate.of("ServiceProfile")) {
    const std::string_view name = *profile->name;
    constexpr std::string_view kEnd = ".svc.cluster.local";
    const auto dots = std::count(name.begin(), name.end(), '.');
    if (name.ends_with(kEnd) && dots == 4) {
      if (estate.service(name, *profile->ns) != nullptr) continue;
      const auto ns = name.substr(name.find('.') + 1, name.size() - kEnd.size() - name.find('.') - 1);
      if (!estate.has_services(ns)) continue;
      report.object(*profile, fmt::format("there is no Service '{}' in namespace '{}'",
                                          name.substr(0, name.find('.')), ns));
    } else if (dots < 4) {
      report
          .object(*profile,
                  fmt::format("'{}' is no name of a Service: no proxy looks for this profile", name))
          .notes = {{{}, fmt::format("write {}.{}{}", name.substr(0, name.find('.')), *profile->ns, kEnd)}};
    }
  }
}

}  // namespace

extern const Rule profile_name{
    .id = "profile-name",
    .severity = Severity::kError,
    .peers = "sp-validator",
    .title = "a ServiceProfile whose name is not that of a Service",
    .why =
        "Proxies ask for the profile by the complete name of the Service, "
        "<service>.<namespace>.svc.cluster.local. "
        "A profile under another name is accepted and never used.",
    .bad = R"(
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata:
  name: pets # <<
  namespace: shop
spec:
  routes: [{name: read, condition: {method: GET}}]
)",
    .good = R"(
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata:
  name: pets.shop.svc.cluster.local
  namespace: shop
spec:
  routes: [{name: read, condition: {method: GET}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
