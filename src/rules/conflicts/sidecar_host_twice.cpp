#include <fmt/format.h>

#include <map>
#include <string>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check_listener(const Resource& sidecar, const Place& listener, Report& report) {
  std::map<std::string_view, const Node*> first;
  const Node* everything = nullptr;
  each(listener.node, "hosts[]", [&](const Place& host) {
    if (host.node.text == "*/*") everything = &host.node;
  });
  each(listener.node, "hosts[]", [&](const Place& host) {
    const auto [known, fresh] = first.try_emplace(host.node.text, &host.node);
    const auto path = listener.path + "." + host.path;
    if (!fresh)
      report.at(sidecar, host.node, path, "it is in the list already").notes = {see(*known->second, "here")};
    else if (everything != nullptr && &host.node != everything && !host.node.text.starts_with("~"))
      report.at(sidecar, host.node, path, fmt::format("'{}' adds nothing to */*", host.node.text)).notes = {
          see(*everything, "everything"), {{}, "take */* away, or the others"}};
  });
}

void check(const Estate& estate, Report& report) {
  each(estate.of("Sidecar", "networking.istio.io"), "spec.egress[]",
       [&](const Resource* sidecar, const Place& listener) { check_listener(*sidecar, listener, report); });
}

}  // namespace

extern const Rule sidecar_host_twice{
    .id = "sidecar-host-twice",
    .severity = Severity::kWarning,
    .peers = "IST0133 VAL",
    .title = "a Sidecar lists hosts that the list has already",
    .why =
        "The egress hosts of a Sidecar are what its proxies know. Beside */*, which is everything, no other "
        "entry does anything: a list that was meant to narrow the view leaves it as wide as without the "
        "object, and the proxies as large.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec:
  egress:
  - hosts:
    - "*/*"
    - "istio-system/*" # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec:
  egress:
  - hosts:
    - "./*"
    - "istio-system/*"
)",
    .check = check,
};

}  // namespace marty::rules::catalog
