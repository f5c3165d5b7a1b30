#include "rules/rule.hpp"

namespace marty::rules::catalog {

extern const Rule duplicate_item{
    .id = "duplicate-item",
    .severity = Severity::kError,
    .peers = "IST0106 VAL",
    .title = "one item twice in a list whose items must differ",
    .why =
        "Lists of type set, and lists whose items have keys (names, ports), are merged by what makes "
        "their items different. The API server refuses a list with two of one kind.",
    .bad = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: istio
  listeners:
  - {name: web, port: 80, protocol: HTTP}
  - {name: web, port: 8080, protocol: HTTP} # <<
)",
    .good = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: istio
  listeners:
  - {name: web, port: 80, protocol: HTTP}
  - {name: other, port: 8080, protocol: HTTP}
)",
};

}  // namespace marty::rules::catalog
