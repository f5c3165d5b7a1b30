#include "rules/analyze.hpp"

#include <optional>

#include "rules/schemas.hpp"

namespace marty::rules {

namespace {
/// What the local mesh leaves out is the business of `up` and `why`: in a cluster it is in force.
bool about_the_local_mesh(const Diagnostic& finding) {
  return finding.rule == "not-enforced" || finding.rule == "kind-not-read";
}
}  // namespace

std::size_t analyze(const dialect::Manifests& manifests, const SourceMap& sources, const Settings& settings,
                    const schema::Catalog& catalog, Diagnostics& found, Workers& workers) {
  std::size_t unknown = 0;
  Diagnostics deeper;
  mesh::Model model;
  std::optional<const Estate> estate;  // its making needs the model's place only
  workers.run(3, [&](std::size_t piece) {
    if (piece == 0) model = dialect::to_model(manifests, deeper);
    if (piece == 1) estate.emplace(manifests, model, sources, settings);
    if (piece == 2) unknown = check_schemas(catalog, manifests.resources, found, workers);
  });
  std::erase_if(deeper.all(), about_the_local_mesh);
  check_all(*estate, deeper, workers);
  add_what_is_new(found, std::move(deeper));
  return unknown;
}

}  // namespace marty::rules
