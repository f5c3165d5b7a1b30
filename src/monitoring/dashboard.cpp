#include "monitoring/dashboard.hpp"

#include <fmt/format.h>

#include "manifest/write.hpp"
#include "monitoring/alert_texts.hpp"
#include "monitoring/monitoring.hpp"

namespace marty::monitoring {

using manifest::Node;
using mesh::MeshKind;
using mesh::PolicyFile;

namespace {

constexpr int kSchemaVersion = 41;  // Grafana 12's; an older one reads it, a newer one brings it up to date
constexpr std::size_t kColumns = 24, kGraphHeight = 8, kNumberHeight = 4, kRowHeight = 1;

Node number(auto value) { return Node::plain(fmt::format("{}", value)); }
Node yes_or_no(bool value) { return Node::plain(value ? "true" : "false"); }
Node text(std::string_view value) { return Node::string(std::string(value)); }

Node object(std::initializer_list<std::pair<std::string_view, Node>> entries) {
  Node node = Node::mapping();
  for (const auto& [key, value] : entries) node.add(key, value);
  return node;
}

Node list(std::vector<Node> items) {
  Node node = Node::sequence();
  for (auto& item : items) node.add(std::move(item));
  return node;
}

Node prometheus() { return object({{"type", text("prometheus")}, {"uid", text("${datasource}")}}); }

Node step(std::optional<double> from, std::string_view color) {
  return object({{"value", from ? number(*from) : Node{}}, {"color", text(color)}});
}

Node thresholds(const std::vector<Line>& lines) {
  const bool low_is_bad = !lines.empty() && lines[0].bad_below;
  std::vector<Node> steps{step({}, low_is_bad ? "red" : "green")};
  for (const auto& line : lines) steps.push_back(step(line.value, line.bad_below ? "green" : "red"));
  return object({{"mode", text("absolute")}, {"steps", list(std::move(steps))}});
}

Node field_config(const Panel& panel) {
  Node defaults = object({{"unit", text(panel.unit)}, {"thresholds", thresholds(panel.lines)}});
  if (!panel.number) {
    defaults.add("min", number(0));
    defaults.add(
        "custom",
        object({{"fillOpacity", number(8)},
                {"thresholdsStyle", object({{"mode", text(panel.lines.empty() ? "off" : "dashed")}})}}));
  }
  return object({{"defaults", std::move(defaults)}, {"overrides", list({})}});
}

Node options(const Panel& panel) {
  if (panel.number) {
    return object({{"reduceOptions", object({{"calcs", list({text("lastNotNull")})}})},
                   {"colorMode", text(panel.lines.empty() ? "none" : "value")}});
  }
  return object({{"legend", object({{"displayMode", text("list")}, {"placement", text("bottom")}})},
                 {"tooltip", object({{"mode", text("multi")}, {"sort", text("desc")}})}});
}

Node targets(const Panel& panel) {
  Node all = Node::sequence();
  for (std::size_t i = 0; i < panel.queries.size(); ++i) {
    const auto& query = panel.queries[i];
    Node target = object({{"refId", text(std::string(1, static_cast<char>('A' + i)))},
                          {"datasource", prometheus()},
                          {"expr", text(query.expression)},
                          {"range", yes_or_no(true)}});
    if (!query.legend.empty()) target.add("legendFormat", text(query.legend));
    all.add(std::move(target));
  }
  return all;
}

/// Places panels from left to right, row by row.
class Canvas {
 public:
  void row(const PanelRow& row) {
    place({{"type", text("row")},
           {"title", text(row.title)},
           {"collapsed", yes_or_no(false)},
           {"panels", list({})}},
          0, kColumns, kRowHeight);
    y_ += kRowHeight;
    const auto width = kColumns / std::max<std::size_t>(row.panels.size(), 2);
    for (std::size_t i = 0; i < row.panels.size(); ++i) draw(row.panels[i], i * width, width);
    y_ += tallest_;
    tallest_ = 0;
  }
  Node panels = Node::sequence();

 private:
  void draw(const Panel& panel, std::size_t x, std::size_t width) {
    const auto height = panel.number ? kNumberHeight : kGraphHeight;
    tallest_ = std::max(tallest_, height);
    Node& node = place({{"type", text(panel.number ? "stat" : "timeseries")}, {"title", text(panel.title)}},
                       x, width, height);
    if (!panel.description.empty()) node.add("description", text(panel.description));
    node.add("datasource", prometheus());
    node.add("fieldConfig", field_config(panel));
    node.add("options", options(panel));
    node.add("targets", targets(panel));
  }

  Node& place(std::initializer_list<std::pair<std::string_view, Node>> head, std::size_t x, std::size_t width,
              std::size_t height) {
    Node& node = panels.add(object({{"id", number(++id_)}}));
    for (const auto& [key, value] : head) node.add(key, value);
    node.add("gridPos",
             object({{"h", number(height)}, {"w", number(width)}, {"x", number(x)}, {"y", number(y_)}}));
    return node;
  }

  std::size_t id_ = 0, y_ = 0, tallest_ = 0;
};

}  // namespace

std::string dashboard(const PolicyFile& file, MeshKind mesh) {
  Canvas canvas;
  for (const auto& row : panel_rows(file, mesh)) canvas.row(row);
  const Node source = object({{"name", text("datasource")},
                              {"label", text("Prometheus")},
                              {"type", text("datasource")},
                              {"query", text("prometheus")}});
  const auto mesh_name = mesh == MeshKind::kIstio ? "Istio" : "Linkerd";
  return manifest::write_json(object({
      {"description",
       text("Generated by marty from mesh.yaml: change it there. The lines are the alerts' limits.")},
      {"uid", text(dashboard_uid(file, mesh))},
      {"title", text(fmt::format("{} on {}", *file.name, mesh_name))},
      {"tags", list({text("marty"), text(to_string(mesh)), text(*file.name)})},
      {"schemaVersion", number(kSchemaVersion)},
      {"editable", yes_or_no(false)},
      {"graphTooltip", number(1)},
      {"refresh", text("30s")},
      {"time", object({{"from", text("now-1h")}, {"to", text("now")}})},
      {"timezone", text("browser")},
      {"templating", object({{"list", list({source})}})},
      {"annotations", object({{"list", list({})}})},
      {"links", list({})},
      {"panels", canvas.panels},
  }));
}

}  // namespace marty::monitoring
