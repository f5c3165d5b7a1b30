#include "cluster/objects.hpp"

#include <gtest/gtest.h>

namespace marty::cluster {
namespace {

std::vector<Resource> objects(std::string_view text) {
  Diagnostics found;
  return manifest::read_resources(text, 0, found).all;
}

TEST(Served, EachUnknownKindIsNamedOnceWithTheWayToInstallIt) {
  const auto wanted = objects(
      "{apiVersion: v1, kind: Service, metadata: {name: a}}\n---\n"
      "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: a}}\n---\n"
      "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: b}}\n---\n"
      "{apiVersion: policy.linkerd.io/v1beta3, kind: Server, metadata: {name: a}}\n");
  const Served core{{{"", "Service"}, "services"}};
  auto status = all_served(wanted, core);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kEnvironment);
  EXPECT_NE(status.error().text.find("Server (policy.linkerd.io), VirtualService (networking.istio.io);"),
            std::string::npos)
      << status.error().text;
  EXPECT_NE(status.error().next.find("istioctl install"), std::string::npos);
  EXPECT_NE(status.error().next.find("linkerd install"), std::string::npos);
  EXPECT_TRUE(all_served(std::span(wanted).first(1), core));
}

TEST(CanBeTried, NotWhatGoesIntoANamespaceThatIsStillToBeMade) {
  const auto wanted = objects(
      "{apiVersion: v1, kind: Namespace, metadata: {name: new}}\n---\n"
      "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: new}}\n---\n"
      "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: old}}\n");
  rollout::Survey survey;
  const auto names = [&] {
    std::string out;
    for (const auto& one : can_be_tried(wanted, survey)) out += shown(rollout::key_of(one)) + "\n";
    return out;
  };
  EXPECT_EQ(names(), "Namespace new\nService old/a\n");
  survey.live.emplace(Key{"", "Namespace", "", "new"}, wanted[0]);
  EXPECT_EQ(names(), "Namespace new\nService new/a\nService old/a\n");
}

}  // namespace
}  // namespace marty::cluster
