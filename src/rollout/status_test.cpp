#include "rollout/status.hpp"

#include <gtest/gtest.h>

#include "rollout/test_objects.hpp"

namespace marty::rollout {
namespace {

const char* const kManifests =
    "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}\n---\n"
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: pets, namespace: shop, generation: 1}, spec: "
    "{replicas: 2,\n"
    "  selector: {matchLabels: {app: pets}}, template: {metadata: {labels: {app: pets}}, spec: {containers:\n"
    "  [{name: pets, ports: [{name: http, containerPort: 8080}]}]}}},\n"
    "  status: {observedGeneration: 1, updatedReplicas: 2, replicas: 2, availableReplicas: 2, readyReplicas: "
    "2}}\n---\n"
    "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: pets, namespace: shop}, "
    "spec: {http:\n"
    "  [{route: [{destination: {host: p, subset: v1}, weight: 90}, {destination: {host: p, subset: v2}, "
    "weight: 10}]}]}}\n---\n"
    "{apiVersion: monitoring.coreos.com/v1, kind: PrometheusRule, metadata: {name: pets, namespace: shop},\n"
    "  spec: {groups: [{name: g, rules: [{alert: a}, {record: b}, {alert: c}]}]}}\n---\n"
    "{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {name: pets, namespace: shop}}\n";

const char* const kPods =
    "{apiVersion: v1, kind: Pod, metadata: {name: pets-1, namespace: shop, labels: {app: pets}}, spec: "
    "{containers:\n"
    "  [{name: pets}, {name: istio-proxy, image: \"docker.io/istio/proxyv2:1.30.1\"}]}}\n---\n"
    "{apiVersion: v1, kind: Pod, metadata: {name: pets-2, namespace: shop, labels: {app: pets}}, spec: "
    "{containers:\n"
    "  [{name: pets}], initContainers: [{name: istio-proxy, image: "
    "\"docker.io/istio/proxyv2:1.30.1\"}]}}\n---\n"
    "{apiVersion: v1, kind: Pod, metadata: {name: other, namespace: shop, labels: {app: other}}, spec: "
    "{containers: []}}\n";

const char* const kIstiod =
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: istiod, namespace: istio-system}, spec: "
    "{replicas: 1,\n"
    "  template: {spec: {containers: [{name: discovery, image: \"docker.io/istio/pilot:1.30.2\"}]}}},\n"
    "  status: {observedGeneration: 1, updatedReplicas: 1, replicas: 1, availableReplicas: 1}}\n";

const char* const kStrict =
    "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: m, namespace: shop}, "
    "spec: {mtls:\n"
    "  {mode: STRICT}}}\n";

/// A service with which everything is fine; tests spoil it.
struct StatusChecks : testing::Test {
  std::vector<manifest::Resource> wanted = objects(kManifests);
  Evidence evidence;

  StatusChecks() {
    evidence.service = "pets";
    evidence.ns = "shop";
    evidence.mesh = "istio";
    evidence.target_version = "1.30";
    evidence.kubectl = "kubectl --context prod";
    evidence.apply = "marty apply";
    evidence.survey.reached = true;
    for (auto& object : wanted) evidence.survey.live.emplace(key_of(object), object);
    evidence.pods = objects(kPods);
    evidence.control_plane = objects(kIstiod);
    evidence.authentications = objects(kStrict);
    evidence.record = Record{3, Record::State::kApplied};
  }
  manifest::Node& live(const Key& key) { return evidence.survey.live.at(key).root; }

  std::vector<Check> checks() {
    evidence.wanted = wanted;
    evidence.plan = make_plan(wanted, evidence.survey);
    return evaluate(evidence);
  }
  /// The one check that is not fine.
  Check trouble() {
    std::vector<Check> bad;
    for (auto& check : checks())
      if (check.level != Level::kOk) bad.push_back(check);
    EXPECT_EQ(bad.size(), 1u);
    for (const auto& check : bad) {
      EXPECT_FALSE(check.mend.empty()) << check.subject;
      if (bad.size() > 1) ADD_FAILURE() << check.section << " " << check.subject << ": " << check.says;
    }
    return bad.empty() ? Check{} : bad[0];
  }
  std::string says(std::string_view section) {
    std::string out;
    for (const auto& check : checks())
      if (check.section == section) out += check.subject + ": " + check.says + "\n";
    return out;
  }
};

const Key kDeployment{"apps", "Deployment", "shop", "pets"};
const Key kRoute{"networking.istio.io", "VirtualService", "shop", "pets"};

TEST_F(StatusChecks, WhenAllIsFineEverySectionSaysSo) {
  for (const auto& check : checks()) EXPECT_EQ(check.level, Level::kOk) << check.subject << check.says;
  EXPECT_EQ(says("split"), "VirtualService shop/pets: weights v1 90, v2 10\n");
  EXPECT_EQ(says("mtls"), "pets port 8080: STRICT\n");
  EXPECT_EQ(says("injection"), "Namespace shop: label istio-injection: enabled\npods: 2 of 2 have a proxy\n");
  EXPECT_EQ(says("observability"), "monitors: 1 present\nalerts: 2 in 1 PrometheusRule\n");
  EXPECT_NE(says("mesh").find("1.30.2"), std::string::npos);
  EXPECT_NE(says("record").find("generation 3"), std::string::npos);
}

TEST_F(StatusChecks, DriftNamesFieldAndBothValues) {
  *live(kRoute).at({"spec", "http", "0", "route", "0", "weight"}) = manifest::Node::plain("50");
  const auto check = trouble();
  EXPECT_EQ(check.says, "drifted: spec.http[0].route[0].weight is 50, not 90");
  EXPECT_EQ(check.look, "marty apply --dry-run");
}

TEST_F(StatusChecks, WhatIsMissingOrLeftOverIsNamed) {
  evidence.survey.live.erase(kRoute);
  EXPECT_EQ(trouble().says, "missing");
  evidence.survey.live.emplace(kRoute, wanted[2]);
  evidence.survey.marked = objects("{apiVersion: v1, kind: Service, metadata: {name: old, namespace: shop}}");
  EXPECT_EQ(trouble().subject, "Service shop/old");
}

TEST_F(StatusChecks, PodsWithoutProxyAreNamed) {
  evidence.pods[0].root.at({"spec", "containers"})->children.pop_back();
  const auto check = trouble();
  EXPECT_EQ(check.says, "1 of 2 have a proxy; without: pets-1");
  EXPECT_EQ(check.mend, "kubectl --context prod rollout restart deployment -n shop");
}

TEST_F(StatusChecks, ANamespaceWithoutInjectionFails) {
  for (auto* root : {&live(Key{"", "Namespace", "", "shop"}), &wanted[0].root})
    root->at({"metadata", "labels", "istio-injection"})->text = "disabled";
  EXPECT_EQ(trouble().says, "new pods get no proxy");
}

TEST_F(StatusChecks, PodsThatAreNotReadyFail) {
  live(kDeployment).at({"status", "availableReplicas"})->text = "1";
  const auto check = trouble();
  EXPECT_EQ(check.section, "workloads");
  EXPECT_EQ(check.says, "1 of 2 pods are ready");
  EXPECT_EQ(check.look, "kubectl --context prod -n shop describe deployment.apps/pets");
}

TEST_F(StatusChecks, PlaintextIsWarnedOf) {
  evidence.authentications.clear();
  EXPECT_EQ(trouble().says, "PERMISSIVE: plaintext is taken");
  evidence.authentications = objects(
      "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: m, namespace: "
      "istio-system}, "
      "spec: {mtls: {mode: STRICT}}}");
  EXPECT_EQ(says("mtls"), "pets port 8080: STRICT\n") << "the mesh's own policy reaches every namespace";
}

TEST_F(StatusChecks, VersionsOfMeshAndProxiesAreCompared) {
  evidence.target_version = "1.29";
  std::size_t warnings = 0;
  for (const auto& check : checks()) warnings += check.level == Level::kWarning ? 1u : 0u;
  EXPECT_EQ(warnings, 2u) << "the control plane's and the proxies'";
  EXPECT_TRUE(same_minor("1.30.2-distroless", "1.30"));
  EXPECT_TRUE(same_minor("v1.30.0", "1.30"));
  EXPECT_TRUE(same_minor("stable-2.14.1", "2.14"));
  EXPECT_FALSE(same_minor("1.3.0", "1.30"));
  EXPECT_FALSE(same_minor("edge-25.1.1", "2.19"));
  EXPECT_EQ(image_tag("localhost:5000/istio/pilot"), "");
  EXPECT_EQ(image_tag("localhost:5000/istio/pilot:1.2@sha256:abc"), "1.2");
}

TEST_F(StatusChecks, AnUnfinishedRunSaysHowToGoOn) {
  evidence.record->state = Record::State::kApplying;
  const auto check = trouble();
  EXPECT_EQ(check.section, "record");
  EXPECT_NE(check.mend.find("--rollback"), std::string::npos);
}

TEST_F(StatusChecks, KindsTheClusterDoesNotKnowSayWhatToInstall) {
  evidence.not_served = {"VirtualService (networking.istio.io)"};
  EXPECT_NE(trouble().mend.find("istioctl install"), std::string::npos);
}

TEST_F(StatusChecks, NoControlPlaneSaysWhatToInstallUnlessItMayNotBeSeen) {
  evidence.control_plane.clear();
  EXPECT_NE(trouble().mend.find("istioctl install"), std::string::npos);
  evidence.hidden.push_back({ErrorCode::kEnvironment, "may not", "ask"});
  EXPECT_EQ(trouble().says, "may not");
}

TEST_F(StatusChecks, LinkerdsServersTellWhomTheyTake) {
  evidence.mesh = "linkerd";
  evidence.target_version = "";
  auto more = objects(
      "{apiVersion: policy.linkerd.io/v1beta3, kind: Server, metadata: {name: http, namespace: shop}, spec: "
      "{port: http}}\n---\n"
      "{apiVersion: policy.linkerd.io/v1alpha1, kind: AuthorizationPolicy, metadata: {name: a, namespace: "
      "shop}, spec:\n"
      "  {requiredAuthenticationRefs: [{kind: MeshTLSAuthentication, name: x}]}}\n");
  for (auto& object : more) {
    evidence.survey.live.emplace(key_of(object), object);
    wanted.push_back(object);
  }
  EXPECT_EQ(
      says("mtls"),
      "Server shop/http: accessPolicy deny; 1 authorizations ask for an identity of the mesh, 0 do not\n");
  const Key server{"policy.linkerd.io", "Server", "shop", "http"};
  for (auto* root : {&live(server), &wanted[5].root})
    root->at({"spec"})->add("accessPolicy", manifest::Node::string("all-unauthenticated"));
  EXPECT_NE(says("mtls").find("plaintext is taken"), std::string::npos);
}

}  // namespace
}  // namespace marty::rollout
