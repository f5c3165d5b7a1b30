#include "rollout/readiness.hpp"

#include <gtest/gtest.h>

#include "rollout/test_objects.hpp"

namespace marty::rollout {
namespace {

using State = Readiness::State;

struct Case {
  const char* body;
  State state;
  const char* why;
};

void check(const std::string& head, std::initializer_list<Case> cases) {
  for (const Case& c : cases) {
    const auto ready = readiness(objects(head + c.body).at(0));
    EXPECT_EQ(ready.state, c.state) << c.body << ready.why;
    EXPECT_NE(ready.why.find(c.why), std::string::npos) << c.body << ready.why;
  }
}

TEST(Readiness, OfADeploymentIsThatOfItsPods) {
  check("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, generation: 2}\nspec: {replicas: 3}\n",
        {{"", State::kPending, "not looked at"},
         {"status: {observedGeneration: 1, availableReplicas: 3}", State::kPending, "not looked at"},
         {"status: {observedGeneration: 2}", State::kPending, "0 of 3 pods are updated"},
         {"status: {observedGeneration: 2, updatedReplicas: 3, replicas: 5, availableReplicas: 5}",
          State::kPending, "2 old pods"},
         {"status: {observedGeneration: 2, updatedReplicas: 3, replicas: 3, availableReplicas: 2}",
          State::kPending, "2 of 3 pods are ready"},
         {"status: {observedGeneration: 2, updatedReplicas: 3, replicas: 3, availableReplicas: 3}",
          State::kReady, "3 of 3"},
         {"status: {observedGeneration: 2, updatedReplicas: 1, conditions: [{type: Progressing, status: "
          "\"False\", "
          "reason: ProgressDeadlineExceeded, message: it hangs}]}",
          State::kFailed, "it hangs"}});
}

TEST(Readiness, OfADaemonSetIsThatOfItsNodes) {
  check("apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: a, generation: 1}\n",
        {{"status: {observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2, "
          "numberAvailable: 1}",
          State::kPending, "1 of 2"},
         {"status: {observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2, "
          "numberAvailable: 2}",
          State::kReady, "2 of 2"}});
}

TEST(Readiness, OfARouteIsWhatItsParentsSay) {
  check(
      "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\n",
      {{"", State::kPending, "no parent"},
       {"status: {parents: []}", State::kPending, "no parent"},
       {"status: {parents: [{conditions: [{type: Accepted, status: \"True\"}]}]}", State::kReady, "accepted"},
       {"status: {parents: [{conditions: [{type: Accepted, status: \"False\", reason: NoMatchingParent}]}]}",
        State::kFailed, "not accepted: NoMatchingParent"},
       {"status: {parents: [{conditions: [{type: Accepted, status: \"True\"}, {type: ResolvedRefs, status: "
        "\"False\", reason: BackendNotFound}]}]}",
        State::kFailed, "not resolved: BackendNotFound"},
       {"status: {parents: [{conditions: [{type: Accepted, status: \"True\"}]}, {conditions: []}]}",
        State::kPending, "not accepted yet"}});
}

TEST(Readiness, OtherKindsAreReadyWhenTheyExist) {
  check("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n", {{"", State::kReady, ""}});
}

}  // namespace
}  // namespace marty::rollout
