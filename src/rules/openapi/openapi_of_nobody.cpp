#include "rules/apis.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  if (estate.of("Service").empty()) return;
  for (const auto& [document, asked_for] : estate.apis().of_nobody()) {
    const Node* title = get(document->root, "info.title");
    const Node* servers = document->root.find("servers");
    const Node& place = servers != nullptr ? *servers : title != nullptr ? *title : document->root;
    auto& finding = report.at(*document, place, servers != nullptr ? "servers" : "info.title",
                              "this describes no Service of the files: nothing is compared with it");
    finding.notes = {{{}, "name the Service in servers, as http://pets.shop:80"}};
    if (asked_for) finding.severity = Severity::kWarning;
  }
}

}  // namespace

extern const Rule openapi_of_nobody{
    .id = "openapi-of-nobody",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "an OpenAPI document that describes none of the Services here",
    .why =
        "A document is taken for the description of the Service that a host in its servers names, or, when "
        "it names none (or localhost, or a host that a route of the files takes in), of the only Service. "
        "This "
        "one fits none of them, so policies are not held against it: a warning "
        "when it was given with --openapi.",
    .bad = R"(
openapi: 3.1.0
info: {title: pets, version: 1.0.0}
servers: [{url: "http://pet.shop"}] # <<
paths:
  /pets:
    get: {responses: {"200": {description: all}}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
)",
    .good = R"(
openapi: 3.1.0
info: {title: pets, version: 1.0.0}
servers: [{url: "http://pets.shop"}]
paths:
  /pets:
    get: {responses: {"200": {description: all}}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
