#include "rollout/kinds.hpp"

#include <gtest/gtest.h>

#include <set>

namespace marty::rollout {
namespace {

Stage stage(std::string_view group, std::string_view kind) { return kind_of(group, kind).stage; }

TEST(Kinds, WhatIsReferredToComesFirst) {
  struct Pair {
    std::string_view first_group, first, then_group, then;
  };
  const std::string_view istio = "networking.istio.io", linkerd = "policy.linkerd.io";
  for (const Pair& pair : std::initializer_list<Pair>{
           {"", "Namespace", "", "ServiceAccount"},
           {"apiextensions.k8s.io", "CustomResourceDefinition", istio, "VirtualService"},
           {"", "ServiceAccount", "apps", "Deployment"},
           {"", "ConfigMap", "apps", "Deployment"},
           {"", "Service", "apps", "Deployment"},
           {"apps", "Deployment", istio, "DestinationRule"},
           {"apps", "Deployment", istio, "VirtualService"},
           {istio, "DestinationRule", istio, "VirtualService"},
           {istio, "Gateway", istio, "VirtualService"},
           {linkerd, "MeshTLSAuthentication", linkerd, "AuthorizationPolicy"},
           {linkerd, "NetworkAuthentication", linkerd, "AuthorizationPolicy"},
           {linkerd, "AuthorizationPolicy", linkerd, "Server"},
           {linkerd, "ServerAuthorization", linkerd, "Server"},
           {linkerd, "Server", linkerd, "HTTPLocalRateLimitPolicy"},
           {linkerd, "Server", "gateway.networking.k8s.io", "HTTPRoute"},
           {"", "Service", "gateway.networking.k8s.io", "HTTPRoute"},
           {"specs.smi-spec.io", "HTTPRouteGroup", "split.smi-spec.io", "TrafficSplit"},
       })
    EXPECT_LT(stage(pair.first_group, pair.first), stage(pair.then_group, pair.then))
        << pair.first << pair.then;
}

TEST(Kinds, EachOnceAndWhatOthersLiveInIsNeverRemoved) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const auto& kind : kinds()) {
    EXPECT_TRUE(seen.emplace(kind.group, kind.kind).second) << kind.kind;
    EXPECT_EQ(kind.removal == Kind::Removal::kNever, kind.stage <= Stage::kDefinition) << kind.kind;
  }
  const auto unknown = kind_of("example.com", "Widget");
  EXPECT_EQ(unknown.stage, Stage::kOther);
  EXPECT_EQ(unknown.removal, Kind::Removal::kNever);
}

TEST(Kinds, KeysAreShownAndTyped) {
  const Key route{"networking.istio.io", "VirtualService", "shop", "pets"};
  EXPECT_EQ(shown(route), "VirtualService shop/pets");
  EXPECT_EQ(kubectl_name(route), "virtualservice.networking.istio.io/pets");
  EXPECT_EQ(shown(Key{"", "Namespace", "", "shop"}), "Namespace shop");
  EXPECT_EQ(kubectl_name(Key{"", "Service", "shop", "pets"}), "service/pets");
}

}  // namespace
}  // namespace marty::rollout
