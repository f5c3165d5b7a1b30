#include "schema/check.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "schema/cel.hpp"

namespace marty::schema {
namespace {

std::string findings(std::string_view text, const Catalog& catalog) {
  Diagnostics found;
  const auto objects = manifest::read_resources(text, 0, found);
  Checker checker(catalog);
  for (const auto& object : objects.all) {
    if (!checker.check(object, found)) found.warning("no-schema", {object.kind.origin, 0}, *object.kind);
  }
  std::string out;
  for (const auto& finding : found.all()) {
    out += fmt::format("{}:{} {} {}: {}\n", finding.where.begin.line, finding.where.begin.column,
                       finding.rule, finding.field, finding.message);
  }
  return out;
}
std::string findings(std::string_view text) {
  const Catalog catalog;
  return findings(text, catalog);
}

/// An object of a kind with this body, which begins at line 4.
std::string object(std::string_view api_version, std::string_view kind, std::string_view body) {
  return fmt::format("apiVersion: {}\nkind: {}\nmetadata: {{name: web, namespace: shop}}\n{}", api_version,
                     kind, body);
}
std::string rule(std::string_view body) { return object("networking.istio.io/v1", "DestinationRule", body); }
std::string service(std::string_view body) { return object("v1", "Service", body); }

struct Case {
  std::string text;
  std::string_view says;  ///< how its one finding begins; empty: nothing is wrong
};

void expect(const std::vector<Case>& cases) {
  for (const auto& [text, says] : cases) {
    const auto found = findings(text);
    EXPECT_EQ(found.substr(0, says.empty() ? found.npos : says.size()), says) << text << "\n" << found;
    EXPECT_LE(std::count(found.begin(), found.end(), '\n'), 1) << text << "\n" << found;
  }
}

TEST(Check, FieldsAreKnownAndInTheirPlace) {
  expect({
      {rule("spec: {host: a, trafficPolicy: {connectionPool: {tcp: {maxConnections: 5}}}}\n"), ""},
      {rule("spec: {host: a, trafficPolicy: {connectionPool: {tcp: {maxConnection: 5}}}}\n"),
       "4:56 unknown-field spec.trafficPolicy.connectionPool.tcp.maxConnection: "
       "spec.trafficPolicy.connectionPool.tcp "
       "has no field 'maxConnection'"},
      {rule("spec: {host: a, connectionPool: {}}\n"),
       "4:17 misplaced-field spec.connectionPool: 'connectionPool' does not belong in spec; it belongs in "
       "spec.trafficPolicy"},
      {rule("spec: {host: a}\nspce: {}\n"), "5:1 unknown-field spce: DestinationRule has no field 'spce'"},
      {service("spec: {ports: [{port: 80, prot: TCP}]}\n"), "4:27 unknown-field spec.ports[0].prot"},
      {object("v1", "ConfigMap", "data: {any: thing}\n"), ""},
      {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, lables: {}}\n",
       "3:21 unknown-field metadata.lables"},
      {"apiVersion: linkerd.io/v1alpha2\nkind: ServiceProfile\nmetadata: {name: a, lables: {}}\nspec: "
       "{routes: []}\n",
       "3:21 unknown-field metadata.lables"},
  });
}

TEST(Check, TypesAreThoseOfJson) {
  expect({
      {service("spec: {ports: [{port: '80'}]}\n"),
       "4:23 wrong-type spec.ports[0].port: expected a whole number"},
      {service("spec: {ports: [{port: 80.0}]}\n"), ""},  // one number for JSON
      {service("spec: {ports: [{port: 80, name: 8080}]}\n"),
       "4:33 wrong-type spec.ports[0].name: expected a text"},
      {service("spec: {ports: [{port: 80, name: on}]}\n"), "4:33 wrong-type spec.ports[0].name"},
      {service("spec: {ports: [{port: 80, targetPort: http}]}\n"), ""},
      {service("spec: {ports: [{port: 80, targetPort: 8080}]}\n"), ""},
      {service("spec: {ports: [{port: 80, targetPort: [1]}]}\n"), "4:39 wrong-type spec.ports[0].targetPort"},
      {service("spec: {ports: {port: 80}}\n"), "4:15 wrong-type spec.ports: expected a list"},
      {service("spec: {ports: [{port: 80}], selector: {app: 5}}\n"), "4:45 wrong-type spec.selector.app"},
      {service("spec: {ports: [{port: 80}], publishNotReadyAddresses: 'true'}\n"), "4:55 wrong-type"},
      {rule("spec: {host: 1.30}\n"), "4:14 wrong-type spec.host: expected a text, found the number 1.30"},
      {object("v1", "Secret", "data: {a: 'not base64'}\n"), "4:11 invalid-value data.a"},
      {object("v1", "Secret", "data: {a: YWJj}\n"), ""},
  });
}

TEST(Check, NullIsAbsent) {
  expect({
      {service("spec: {ports: [{port: 80, name: null}], selector: ~}\n"), ""},
      {service("spec: {ports: [{port: null}]}\n"), "4:16 missing-field spec.ports[0]"},
      {rule("spec: {host: a, trafficPolicy: null}\n"), ""},
      {rule("spec: {host: a, subsets: [null]}\n"), "4:27 wrong-type spec.subsets[0]"},
      {service("spec: {ports: [{port: 80, oops: null}]}\n"), "4:27 unknown-field"},
  });
}

TEST(Check, WhatIsNeeded) {
  expect({
      {"apiVersion: v1\nkind: Namespace\nmetadata: {labels: {a: b}}\n",
       "3:11 missing-field metadata: this Namespace "},
      {"apiVersion: v1\nkind: Namespace\nmetadata: {generateName: a-}\n", ""},
      {object("apps/v1", "Deployment", "spec: {template: {spec: {containers: [{name: a, image: b}]}}}\n"),
       "4:7 missing-field spec: spec needs the field 'sel"},
      {object("policy.linkerd.io/v1alpha1", "MeshTLSAuthentication", "spec: {}\n"),
       "4:7 missing-field spec: one of these is needed here: identities, identityRefs"},
      {service("spec: {ports: [{prt: 80}]}\n"), "4:17 unknown-field"},  // and not missing as well
      // Silence means IPAddress, and then only one of the forms fits.
      {object(
           "gateway.networking.k8s.io/v1", "Gateway",
           "spec: {gatewayClassName: a, addresses: [{value: 203.0.113.7}], listeners: [{name: a, port: 80, "
           "protocol: HTTP}]}\n"),
       ""},
  });
}

TEST(Check, ValuesAndTheirBounds) {
  expect({
      {service("spec: {ports: [{port: 70000}]}\n"),
       "4:23 out-of-range spec.ports[0].port: 70000 is out of range: it "
       "must be from 1 to 65535"},
      {service("spec: {type: NodePorts, ports: [{port: 80}]}\n"),
       "4:14 invalid-value spec.type: \"NodePorts\" is not one of ClusterIP, NodePort, LoadBalancer, "
       "ExternalName"},
      {service("spec: {ports: [{port: 80, name: Web}]}\n"), "4:33 invalid-value spec.ports[0].name"},
      {rule("spec: {host: a, trafficPolicy: {outlierDetection: {maxEjectionPercent: -1}}}\n"), ""},
      {rule("spec: {host: a, trafficPolicy: {loadBalancer: {simple: ROUND_ROBBIN}}}\n"),
       "4:56 invalid-value"},
      {object("gateway.networking.k8s.io/v1", "HTTPRoute",
              "spec: {rules: [{backendRefs: [{name: a, port: 80, weight: -1}]}]}\n"),
       "4:59 out-of-range spec.rules[0].backendRefs[0].weight: -1 is out of range: it must be from 0 to "
       "1000000"},
      {object("gateway.networking.k8s.io/v1", "HTTPRoute", "spec: {hostnames: [UPPER.example]}\n"),
       "4:20 invalid-value spec.hostnames[0]: \"UPPER.example\" does not match"},
      {"apiVersion: v1\nkind: Service\nmetadata: {name: 1web}\nspec: {ports: [{port: 80}]}\n",
       "3:18 invalid-value metadata.name"},
      {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {a b: c}}\n",
       "3:30 invalid-value metadata.labels"},
      {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {a: -c}}\n", "3:33 invalid-value"},
  });
}

TEST(Check, Choices) {
  expect({
      {rule("spec: {host: a, trafficPolicy: {loadBalancer: {simple: RANDOM, consistentHash: {useSourceIp: "
            "true}}}}\n"),
       "4:64 conflicting-fields spec.trafficPolicy.loadBalancer: 'simple' and 'consistentHash' exclude each "
       "other"},
      {rule("spec: {host: a, trafficPolicy: {loadBalancer: {}}}\n"), ""},
  });
}

TEST(Check, RulesOfKinds) {
  const auto route = [](std::string_view body) {
    return object("networking.istio.io/v1", "VirtualService",
                  fmt::format("spec: {{hosts: [a], http: [{{{}}}]}}\n", body));
  };
  expect({
      {route("route: [{destination: {host: a}}], timeout: 10s"), ""},
      {route("route: [{destination: {host: a}}], timeout: 0s"), "4:72 schema-rule spec.http[0].timeout"},
      {object(
           "gateway.networking.k8s.io/v1", "HTTPRoute",
           "spec: {rules: [{backendRefs: [{name: a}]}]}\n"),  // a Service by default, and that needs a port
       "4:31 schema-rule spec.rules[0].backendRefs[0]"},
      {service("spec: {ports: [{port: 80}, {port: 81}]}\n"),
       "4:7 schema-rule spec: with more than one port each needs a name"},
      {object("apps/v1", "Deployment",
              "spec:\n  selector: {matchLabels: {app: a}}\n  template:\n    metadata: {labels: {app: b}}\n"
              "    spec: {containers: [{name: a, image: a}]}\n"),
       "5:3 schema-rule spec: the selector does not match the labels of the pod template"},
  });
}

TEST(Check, KindsAndVersions) {
  expect({
      {object("networking.istio.io/v1", "DestinationRul", "spec: {}\n"),
       "2:7 unknown-kind : networking.istio.io/v1 has no kind DestinationRul"},
      {object("networking.istio.io/v2", "DestinationRule", "spec: {}\n"),
       "1:13 unknown-version : there is no DestinationRule in networking.istio.io/v2; it is served as v1, "
       "v1beta1, "
       "v1alpha3"},
      {object("extensions/v1beta1", "Ingress", "spec: {}\n"), "2:7 no-schema"},
      {object("policy.linkerd.io/v1alpha1", "Server",
              "spec: {podSelector: {matchLabels: {a: b}}, port: 80}\n"),
       "1:13 deprecated-version"},
  });
}

TEST(Check, CrdsOfTheUser) {
  Catalog catalog;
  Diagnostics found;
  const auto crds = manifest::read_resources(
      "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: "
      "pets.shop.example}\n"
      "spec:\n  group: shop.example\n  scope: Namespaced\n  names: {kind: Pet, plural: pets}\n  versions:\n"
      "  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: "
      "object\n"
      "        properties:\n          spec:\n            type: object\n            required: [legs]\n"
      "            properties:\n              legs: {type: integer, minimum: 0}\n"
      "              name: {type: string, default: Rex}\n"
      "            x-kubernetes-validations:\n            - rule: self.legs % 2 == 0 || self.name == "
      "'Tripod'\n"
      "              message: legs come in pairs\n",
      0, found);
  EXPECT_EQ(catalog.add_crds(crds.all, found), 1u);
  EXPECT_TRUE(found.all().empty());
  const auto pet = [&](std::string_view spec) {
    return findings(object("shop.example/v1", "Pet", spec), catalog);
  };
  EXPECT_EQ(pet("spec: {legs: 4}\n"), "");
  EXPECT_EQ(pet("spec: {legs: 3, name: Tripod}\n"), "");
  EXPECT_EQ(pet("spec: {legs: 3}\n"), "4:7 schema-rule spec: legs come in pairs\n");
  EXPECT_EQ(pet("spec: {legs: -2}\n").substr(0, 16), "4:14 out-of-rang");
  EXPECT_EQ(pet("spec: {legs: 4, tail: 1}\n").substr(0, 18), "4:17 unknown-field");
  EXPECT_EQ(findings(service("spec: {ports: [{port: 80}]}\n"), catalog), "");
}

TEST(Check, AFieldBesidesTheAbsenceOfAnother) {
  Catalog catalog;
  Diagnostics found;
  const auto crds = manifest::read_resources(
      "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: "
      "pets.shop.example}\n"
      "spec:\n  group: shop.example\n  scope: Namespaced\n  names: {kind: Pet, plural: pets}\n  versions:\n"
      "  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: "
      "object\n"
      "        properties:\n          spec:\n            type: object\n"
      "            properties: {a: {type: string}, b: {type: string}}\n"
      "            oneOf: [{not: {required: [a]}}, {required: [b]}]\n",
      0, found);
  EXPECT_EQ(catalog.add_crds(crds.all, found), 1u);
  EXPECT_EQ(findings(object("shop.example/v1", "Pet", "spec: {b: x}\n"), catalog),
            "4:7 conflicting-fields spec: this fits more than one of the forms that are allowed here\n");
  EXPECT_EQ(findings(object("shop.example/v1", "Pet", "spec: {a: x, b: x}\n"), catalog), "");
}

TEST(Check, EveryBuiltInRuleIsUnderstood) {
  for (const Rule& rule : kBuiltIn.rules) {
    std::string why;
    EXPECT_TRUE(parse_cel(kBuiltIn.text(rule.expression), why)) << kBuiltIn.text(rule.expression) << "\n"
                                                                << why;
  }
  EXPECT_GT(kBuiltIn.rules.size(), 100u);
}

TEST(Check, EveryBuiltInPatternIsRe2) {
  for (const Extra& extra : kBuiltIn.extras) {
    std::string why;
    EXPECT_TRUE(Regex::compile(std::string(kBuiltIn.text(extra.pattern)), why))
        << kBuiltIn.text(extra.pattern);
  }
}

}  // namespace
}  // namespace marty::schema
