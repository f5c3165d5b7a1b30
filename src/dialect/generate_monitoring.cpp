#include <fmt/format.h>

#include "dialect/generate_parts.hpp"
#include "monitoring/monitoring.hpp"

namespace marty::dialect::generated {

std::string app_monitoring(const Draft& draft) {
  return monitoring::app_monitoring(draft.file, draft.heading);
}

std::string mesh_monitoring(const Draft& draft) {
  return monitoring::mesh_monitoring(draft.file, draft.mesh, draft.heading);
}

std::vector<GeneratedFile> monitoring_files(const Draft& draft) {
  const auto& file = draft.file;
  const auto mesh = draft.mesh;
  const auto& heading = draft.heading;
  const auto name = to_string(mesh);
  const auto comment =
      std::string_view(heading).substr(2, heading.size() - 3);  // without "# " and the newline
  std::vector<GeneratedFile> files{
      {fmt::format("service-mesh/prometheus/{}.rules.yaml", name), monitoring::rule_file(file, mesh, heading),
       ""},
      {fmt::format("service-mesh/prometheus/{}.rules.test.yaml", name),
       monitoring::rule_tests(file, mesh, heading), ""},
      {fmt::format("service-mesh/dashboards/{}.json", name), monitoring::dashboard(file, mesh), ""}};
  if (auto page = monitoring::runbook(file, mesh, comment); !page.empty())
    files.push_back({monitoring::runbook_path(mesh), std::move(page), ""});
  return files;
}

}  // namespace marty::dialect::generated
