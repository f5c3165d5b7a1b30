#include "rules/analyze.hpp"

namespace marty::rules {

namespace {
/// What the local mesh leaves out is the business of `up` and `why`: in a cluster it is in force.
bool about_the_local_mesh(const Diagnostic& finding) {
  return finding.rule == "not-enforced" || finding.rule == "kind-not-read";
}
}  // namespace

void analyze(const dialect::Manifests& manifests, const SourceMap& sources, const Settings& settings,
             Diagnostics& found) {
  const auto model = dialect::to_model(manifests, found);
  std::erase_if(found.all(), about_the_local_mesh);
  check_all(Estate(manifests, model, sources, settings), found);
}

}  // namespace marty::rules
