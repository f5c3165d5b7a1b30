#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "manifest/yaml.hpp"
#include "monitoring/alert_texts.hpp"
#include "monitoring/dashboard.hpp"
#include "monitoring/monitoring.hpp"
#include "monitoring/test_shop.hpp"

namespace marty::monitoring {
namespace {

using manifest::Node;
using mesh::MeshKind;

std::vector<Node> documents(const std::string& text) {
  Diagnostics found;
  auto all = manifest::parse_yaml(text, 0, found);
  EXPECT_TRUE(found.all().empty());
  return all;
}

Node of_kind(const std::string& text, std::string_view kind) {
  for (auto& document : documents(text))
    if (document.find("kind")->text == kind) return document;
  ADD_FAILURE() << "no " << kind;
  return Node::mapping();
}

TEST(Objects, CarryTheLabelsThatAllHave) {
  for (const auto& [file, mesh] : shops()) {
    for (auto& document :
         documents(mesh_monitoring(file, mesh, "# made\n") + "---\n" + app_monitoring(file, ""))) {
      EXPECT_EQ(document.at({"metadata", "namespace"})->text, "market");
      EXPECT_EQ(document.at({"metadata", "labels", "app"})->text, "pets");
      EXPECT_EQ(document.at({"metadata", "labels", "app.kubernetes.io/managed-by"})->text, "marty");
    }
  }
}

TEST(Objects, ScrapeTheRightPorts) {
  auto service = of_kind(app_monitoring(shop(), ""), "ServiceMonitor");
  EXPECT_EQ(service.at({"spec", "endpoints", "0", "port"})->text, "http-metrics");
  EXPECT_EQ(service.at({"spec", "selector", "matchLabels", "app"})->text, "pets");
  auto istio = of_kind(mesh_monitoring(shop(), MeshKind::kIstio, ""), "PodMonitor");
  EXPECT_EQ(istio.at({"spec", "podMetricsEndpoints", "0", "port"})->text, "http-envoy-prom");
  EXPECT_EQ(istio.at({"spec", "podMetricsEndpoints", "0", "path"})->text, "/stats/prometheus");
  EXPECT_EQ(istio.at({"spec", "namespaceSelector", "matchNames"})->size(), 2u);
  auto linkerd = of_kind(mesh_monitoring(shop(), MeshKind::kLinkerd, ""), "PodMonitor");
  EXPECT_EQ(linkerd.at({"spec", "podMetricsEndpoints", "0", "port"})->text, "linkerd-admin");
  EXPECT_EQ(linkerd.at({"spec", "podMetricsEndpoints", "0", "path"})->text, "/metrics");
}

TEST(Objects, WithoutAMetricsPortNothingToScrape) {
  auto file = shop();
  file.workload.metrics_port = {0};
  EXPECT_EQ(app_monitoring(file, "# made\n"), "");
}

TEST(Objects, OldIstiosKnowTelemetryAsAlpha) {
  auto file = shop();
  file.target.istio = {"1.21"};
  EXPECT_EQ(of_kind(mesh_monitoring(file, MeshKind::kIstio, ""), "Telemetry").find("apiVersion")->text,
            "telemetry.istio.io/v1alpha1");
}

TEST(Objects, TheSameRulesForTheOperatorAndWithout) {
  for (const auto& [file, mesh] : shops()) {
    auto object = of_kind(mesh_monitoring(file, mesh, ""), "PrometheusRule");
    auto plain = documents(rule_file(file, mesh, "# made\n"));
    EXPECT_TRUE(*object.at({"spec", "groups"}) == *plain[0].find("groups"));
  }
}

TEST(Dashboard, TheConfigMapHoldsTheFile) {
  for (const auto& [file, mesh] : shops()) {
    auto map = of_kind(mesh_monitoring(file, mesh, ""), "ConfigMap");
    EXPECT_EQ(map.at({"metadata", "labels", "grafana_dashboard"})->text, "1");
    ASSERT_EQ(map.find("data")->size(), 1u);
    EXPECT_EQ(map.find("data")->entry(0).value.text, dashboard(file, mesh));
  }
}

TEST(Dashboard, PanelsDoNotOverlapAndNameTheirDatasource) {
  for (const auto& [file, mesh] : shops()) {
    const auto json = nlohmann::json::parse(dashboard(file, mesh));
    EXPECT_EQ(json["templating"]["list"][0]["type"], "datasource");
    std::set<std::pair<int, int>> taken;
    std::set<int> ids;
    std::size_t expressions = 0;
    for (const auto& panel : json["panels"]) {
      EXPECT_TRUE(ids.insert(panel["id"].get<int>()).second);
      const auto& at = panel["gridPos"];
      EXPECT_LE(at["x"].get<int>() + at["w"].get<int>(), 24);
      for (int x = at["x"]; x < at["x"].get<int>() + at["w"].get<int>(); ++x)
        for (int y = at["y"]; y < at["y"].get<int>() + at["h"].get<int>(); ++y)
          EXPECT_TRUE(taken.emplace(x, y).second) << panel["title"];
      if (panel["type"] == "row") continue;
      EXPECT_EQ(panel["datasource"]["uid"], "${datasource}");
      EXPECT_FALSE(panel["targets"].empty()) << panel["title"];
      expressions += panel["targets"].size();
    }
    EXPECT_EQ(expressions, dashboard_expressions(file, mesh).size());
  }
}

TEST(Dashboard, DrawsTheAlertsLimits) {
  auto file = shop();
  file.observability.alerts.error_rate->above = {"7%"};
  file.observability.alerts.p99->above = {700ms};
  std::set<double> drawn;
  for (const auto& row : panel_rows(file, MeshKind::kIstio))
    for (const auto& panel : row.panels)
      for (const auto& line : panel.lines) drawn.insert(line.value);
  for (const double wanted : {0.07, 700.0, 0.95, 14.4, 1.0}) EXPECT_EQ(drawn.count(wanted), 1u) << wanted;
}

TEST(Dashboard, ItsIdFitsWhateverTheName) {
  auto file = shop();
  file.name = {std::string(63, 'p')};
  EXPECT_LE(dashboard_uid(file, MeshKind::kLinkerd).size(), 40u);
}

}  // namespace
}  // namespace marty::monitoring
