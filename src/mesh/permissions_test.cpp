#include "mesh/permissions.hpp"

#include <gtest/gtest.h>

namespace marty::mesh {
namespace {

PolicyFile::Permission to(std::vector<std::string> methods, std::vector<std::string> paths) {
  PolicyFile::Permission permission;
  for (auto& method : methods) permission.methods.push_back({std::move(method)});
  for (auto& path : paths) permission.paths.push_back({std::move(path)});
  return permission;
}

PolicyFile::Allow allow(const std::string& name, std::vector<PolicyFile::Caller> from,
                        std::vector<PolicyFile::Permission> to) {
  PolicyFile::Allow rule;
  rule.name = {name};
  rule.from = std::move(from);
  rule.to = std::move(to);
  return rule;
}

const PolicyFile::Caller kWeb{{"shop"}, {"web"}, {}};
const PolicyFile::Caller kIngress{{"istio-system"}, {"ingress"}, {"istio"}};

std::string shown(const PolicyFile& file) {
  std::string text;
  for (const auto& one : permissions(file, MeshKind::kLinkerd)) {
    text += one.name() + (one.who == Permissions::Who::kWholeMesh ? " (mesh):" : ":");
    for (const auto& request : one.requests)
      text += " " + (request.method.empty() ? "" : request.method + " ") + request.path;
    text += "\n";
  }
  return text;
}

TEST(Permissions, EachRequestHasOnePlace) {
  PolicyFile file;
  file.workload.liveness = {"/health"};
  EXPECT_EQ(shown(file), "probes: GET /health\n");
  file.security.allow = {allow("callers", {kWeb}, {to({"GET", "POST"}, {"/api/*"})}),
                         allow("health", {}, {to({"GET"}, {"/health", "/ready"})})};
  EXPECT_EQ(shown(file),
            "callers: GET /api/* POST /api/*\n"
            "probes: GET /health\n"
            "health (mesh): GET /ready\n");
}

TEST(Permissions, RulesThatOverlapShareThePart) {
  PolicyFile file;
  file.security.allow = {allow("web", {kWeb}, {to({"GET"}, {"/api/*"})}),
                         allow("admins", {kWeb}, {to({}, {"/api/admin/*"})})};
  EXPECT_EQ(shown(file),
            "web: GET /api/*\n"
            "web-admins: GET /api/admin/*\n"
            "admins: /api/admin/*\n");
}

TEST(Permissions, AWiderRuleAndForeignCallers) {
  PolicyFile file;
  file.security.allow = {allow("all", {kWeb}, {}), allow("ingress", {kIngress}, {to({"GET"}, {"/*"})}),
                         allow("info", {}, {to({}, {"*/info"})})};
  EXPECT_EQ(shown(file),
            "all: *\n"
            "info (mesh): */info\n");
}

TEST(Permissions, NothingIsOpenByItself) { EXPECT_EQ(shown({}), ""); }

}  // namespace
}  // namespace marty::mesh
