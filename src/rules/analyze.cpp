#include "rules/analyze.hpp"

#include "rules/schemas.hpp"

namespace marty::rules {

namespace {
/// What the local mesh leaves out is the business of `up` and `why`: in a cluster it is in force.
bool about_the_local_mesh(const Diagnostic& finding) {
  return finding.rule == "not-enforced" || finding.rule == "kind-not-read";
}
}  // namespace

std::unique_ptr<const Analysis> analyze(dialect::Manifests manifests, const SourceMap& sources,
                                        const Settings& settings, const schema::Catalog& catalog,
                                        Diagnostics& found, Workers& workers) {
  auto made = std::make_unique<Analysis>(Analysis{.manifests = std::move(manifests)});
  made->unknown = check_schemas(catalog, made->manifests.resources, found, workers);
  Diagnostics deeper;
  made->model = dialect::to_model(made->manifests, deeper);
  std::erase_if(deeper.all(), about_the_local_mesh);
  made->estate = std::make_unique<const Estate>(made->manifests, made->model, sources, settings);
  check_all(*made->estate, deeper, workers);
  add_what_is_new(found, std::move(deeper));
  return made;
}

}  // namespace marty::rules
