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
  auto& all = *made;
  Diagnostics deeper;
  SchemaCheck schemas(catalog, all.manifests.resources);
  workers.run(1 + workers.count(), [&](std::size_t piece) {
    if (piece > 0) return schemas.work();
    all.model = dialect::to_model(all.manifests, deeper);
    all.estate = std::make_unique<const Estate>(all.manifests, all.model, sources, settings);
  });
  all.unknown = schemas.finish(found);
  std::erase_if(deeper.all(), about_the_local_mesh);
  check_all(*all.estate, deeper, workers);
  add_what_is_new(found, std::move(deeper));
  return made;
}

}  // namespace marty::rules
