#include "rules/queries.hpp"

#include <algorithm>
#include <functional>

#include "manifest/yaml.hpp"
#include "rules/walk.hpp"

namespace marty::rules {
namespace {

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

/// Bytes of `line` that its first `columns` characters take.
std::size_t bytes_before(std::string_view line, std::size_t columns) {
  std::size_t at = 0;
  for (; at < line.size(); ++at)
    if ((line[at] & 0xc0) != 0x80 && columns-- == 0) break;
  return at;
}

/// How many bytes, as written between quotes, the first `wanted` bytes of the meaning take.
std::size_t as_written(std::string_view raw, char quote, std::size_t wanted) {
  std::size_t at = 0;
  for (std::size_t meant = 0; meant < wanted && at < raw.size(); ++meant) {
    const bool escape = quote == '"' ? raw[at] == '\\' : quote == '\'' && raw[at] == '\'';
    at += !escape ? 1 : quote == '"' && at + 1 < raw.size() && raw[at + 1] == 'u' ? 6 : 2;
  }
  return at;
}

struct Point {
  std::uint32_t line;  ///< from 1
  std::size_t byte;    ///< of the line, from 0
};

/// Finds a place inside of a scalar again in the text it was read from; nothing when YAML folded it.
template <class LineAt>
std::optional<Point> inside(const Node& scalar, std::size_t offset, LineAt line_at) {
  const std::string_view text = scalar.text;
  const auto before = text.substr(0, std::min(offset, text.size()));
  const auto begin = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto line = text.substr(begin, text.find('\n', begin) - begin);
  const std::string_view first = line_at(scalar.origin.line);
  const auto start = bytes_before(first, scalar.origin.column - 1u);
  const char style = start < first.size() ? first[start] : ' ';
  if (style == '|' || style == '>') {
    const auto nth = static_cast<std::uint32_t>(std::ranges::count(before, '\n'));
    const auto at = scalar.origin.line + 1 + nth;
    const std::string_view source = line_at(at);
    if (!source.ends_with(line)) return {};
    return Point{at, source.size() - line.size() + (before.size() - begin)};
  }
  const bool quoted = style == '"' || style == '\'';
  const auto raw = first.substr(std::min(first.size(), start + (quoted ? 1 : 0)));
  if (!quoted && !raw.starts_with(text)) return {};
  const auto at = as_written(raw, quoted ? style : ' ', before.size());
  return Point{scalar.origin.line, start + (quoted ? 1 : 0) + at};
}

std::string_view line_of(std::string_view text, std::uint32_t number) {
  std::size_t at = 0;
  for (; number > 1; --number) {
    at = text.find('\n', at);
    if (at == text.npos) return {};
    ++at;
  }
  return text.substr(at, text.find('\n', at) - at);
}

SourceRange range_at(const SourceMap& sources, std::uint16_t file, Point point, std::size_t length) {
  Origin origin{point.line, 1, file};
  const auto line = sources.line(origin);
  origin.column = static_cast<std::uint16_t>(
      std::min<std::size_t>(characters(line.substr(0, point.byte)) + 1, UINT16_MAX));
  const auto left = line.size() - std::min(point.byte, line.size());
  return {origin, static_cast<std::uint16_t>(std::min({length, left, std::size_t{UINT16_MAX}}))};
}

std::optional<Point> in_json(const Node& json, const Node& node, std::size_t offset,
                             const SourceMap& sources) {
  const std::string_view text = json.text;
  const auto there = inside(node, offset, [&](std::uint32_t n) { return line_of(text, n); });
  if (!there) return {};
  const auto line = line_of(text, there->line);
  const auto whole = static_cast<std::size_t>(line.data() - text.data()) + there->byte;
  return inside(json, whole, [&](std::uint32_t n) { return sources.line({n, 1, json.origin.file}); });
}

}  // namespace

Queries::Queries(const Estate& estate) : sources_(estate.sources()) {
  for (const auto* resource : estate.of("PrometheusRule")) read_rules(*resource);
  for (const auto* resource : estate.of("ConfigMap")) read_dashboards(*resource);
  std::ranges::sort(recorded_);
}

void Queries::read_rules(const Resource& resource) {
  each(resource.root, "spec.groups[].rules[]", [&](const Place& rule) {
    if (const auto name = text(rule.node, "record"); !name.empty()) recorded_.emplace_back(name);
    const Node* expr = rule.node.find("expr");
    if (expr == nullptr || !expr->is_scalar()) return;
    all_.push_back({&resource, expr, nullptr, &rule.node, rule.path + ".expr", promql::parse(expr->text)});
  });
}

void Queries::read_dashboards(const Resource& resource) {
  const Node* labels = get(resource.root, "metadata.labels");
  if (labels == nullptr || labels->find("grafana_dashboard") == nullptr) return;
  each(resource.root, "data{}", [&](const Place& file) {
    if (!file.node.is_scalar() || !file.path.words().ends_with(".json")) return;
    Diagnostics broken;
    auto documents = manifest::parse_yaml(file.node.text, 0, broken);
    if (documents.size() != 1 || broken.has_errors()) return;
    auto& board =
        dashboards_.emplace_back(Dashboard{&resource, &file.node, file.path, std::move(documents[0])});
    // Rows that are folded keep their panels inside.
    for (const Way& pattern : {Way("panels[].targets[].expr"), Way("panels[].panels[].targets[].expr")})
      each(board.root, pattern, [&](const Place& expr) {
        if (expr.node.is_scalar())
          all_.push_back({&resource, &expr.node, board.json, nullptr, board.path,
                          promql::parse(expr.node.text, promql::Dialect::kGrafana)});
      });
  });
}

bool Queries::recorded(std::string_view metric) const {
  return metric.find(':') != metric.npos || std::ranges::binary_search(recorded_, metric);
}

SourceRange Queries::at(const Query& query, std::size_t offset, std::size_t length) const {
  const Node& written = query.json != nullptr ? *query.json : *query.node;
  const auto file = written.origin.file;
  const auto point = query.json != nullptr ? in_json(*query.json, *query.node, offset, sources_)
                                           : inside(*query.node, offset, [&](std::uint32_t n) {
                                               return sources_.line({n, 1, file});
                                             });
  return point ? range_at(sources_, file, *point, length) : written.range();
}

SourceRange Queries::at(const Dashboard& board, const Node& node) const {
  const auto point = in_json(*board.json, node, 0, sources_);
  return point ? range_at(sources_, board.json->origin.file, *point, node.text.size()) : board.json->range();
}

Diagnostic& Queries::report(Report& report, const Query& query, std::size_t offset, std::size_t length,
                            std::string message) const {
  auto& finding = report.at(*query.resource, *query.node, query.path, std::move(message));
  finding.where = at(query, offset, length);
  return finding;
}

namespace {

void collect(const promql::Expr& expr, std::vector<const promql::Expr*>& around,
             std::vector<MetricUse>& out) {
  if (expr.is(promql::Expr::Kind::kSelector)) {
    MetricUse use{&expr, nullptr, around};
    for (auto outer = around.rbegin(); outer != around.rend(); ++outer) {
      const auto kind = (*outer)->kind;
      if (kind == promql::Expr::Kind::kCall) use.function = *outer;
      if (kind != promql::Expr::Kind::kRange && kind != promql::Expr::Kind::kParens) break;
    }
    out.push_back(std::move(use));
    return;
  }
  around.push_back(&expr);
  for (const auto& child : expr.children) collect(child, around, out);
  around.pop_back();
}

}  // namespace

std::vector<MetricUse> metric_uses(const promql::Expr& root) {
  std::vector<MetricUse> out;
  std::vector<const promql::Expr*> around;
  collect(root, around, out);
  return out;
}

MeshMetric mesh_metric(std::string_view name) {
  using telemetry::MetricMesh;
  const bool istio = name.starts_with("istio_") || name.starts_with("envoy_");
  const auto mesh = istio ? MetricMesh::kIstio : MetricMesh::kLinkerd;
  return {mesh, telemetry::find_metric(name, mesh)};
}

}  // namespace marty::rules
