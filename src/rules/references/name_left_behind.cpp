#include <fmt/format.h>

#include "dialect/names.hpp"
#include "rules/estate.hpp"
#include "rules/principal.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

class Search {
 public:
  Search(const Estate& estate, Report& report) : estate_(estate), report_(report) {}

  /// "pets.base.svc.cluster.local", perhaps as the name of a ServiceProfile.
  void host(const Resource& resource, const Place& at) const {
    std::string_view rest = at.node.text;
    if (!rest.ends_with(dialect::kClusterDomain)) return;
    rest.remove_suffix(dialect::kClusterDomain.size());
    const auto dot = rest.find('.');
    if (dot == rest.npos) return;
    say(resource, at, "Service", rest.substr(0, dot), rest.substr(dot + 1));
  }

  /// "cluster.local/ns/base/sa/web".
  void principal(const Resource& resource, const Place& at) const {
    if (const auto who = principal_in(at.node.text))
      say(resource, at, "ServiceAccount", who->account, who->ns);
  }

 private:
  /// When nothing here is in that namespace and what is named is in the object's own.
  void say(const Resource& resource, const Place& at, std::string_view kind, std::string_view name,
           std::string_view ns) const {
    if (estate_.namespaces().contains(ns)) return;
    const auto* meant = estate_.find(kind, *resource.ns, name);
    if (meant == nullptr) return;
    auto& finding = report_.at(
        resource, at, fmt::format("this names namespace '{}', and '{}' is in '{}'", ns, name, *resource.ns));
    finding.notes.push_back(see(*meant, "the one meant, it seems"));
    if (resource.ns.origin.file != resource.name.origin.file) {
      finding.severity = Severity::kWarning;
      finding.notes.push_back({{resource.ns.origin, 0}, "kustomize moves objects here; names in texts stay"});
    }
    finding.notes.push_back({{},
                             kind == "Service" ? "write the short name, or a replacement in the kustomization"
                                               : "write a replacement for it in the kustomization"});
  }

  const Estate& estate_;
  Report& report_;
};

void check(const Estate& estate, Report& report) {
  const Search search(estate, report);
  const auto hosts = [&](std::string_view kind, const Way& way) {
    each(estate.of(kind), way,
         [&](const Resource* resource, const Place& at) { search.host(*resource, at); });
  };
  hosts("VirtualService", "spec.hosts[]");
  hosts("VirtualService", "spec.http[].route[].destination.host");
  hosts("DestinationRule", "spec.host");
  hosts("ServiceProfile", "metadata.name");
  each(estate.of("AuthorizationPolicy", "security.istio.io"),
       {"spec.rules[].from[].source.principals[]", "spec.rules[].from[].source.notPrincipals[]"},
       [&](const Resource* policy, const Place& at) { search.principal(*policy, at); });
}

}  // namespace

extern const Rule name_left_behind{
    .id = "name-left-behind",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "a full name still speaks of the namespace an object was moved from",
    .why =
        "Kustomize's 'namespace' and 'namePrefix' change metadata and the references it knows. Host names in "
        "VirtualServices and DestinationRules, principals, and the names of ServiceProfiles are texts to it "
        "and stay: the overlay's objects then speak of the base's namespace, where nothing is. Short host "
        "names move along; principals need a replacement. It is a warning where a kustomization is seen to "
        "have moved the object, for another namespace may have things of the same name.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop-test}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop-test}
spec:
  host: pets.shop.svc.cluster.local # <<
  trafficPolicy: {connectionPool: {http: {http1MaxPendingRequests: 100}}}
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop-test}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop-test}
spec:
  host: pets
  trafficPolicy: {connectionPool: {http: {http1MaxPendingRequests: 100}}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
