#include "rules/analyze.hpp"

namespace marty::rules {

void analyze(const dialect::Manifests& manifests, const SourceMap& sources, const Settings& settings,
             Diagnostics& found) {
  const auto model = dialect::to_model(manifests, found);
  check_all(Estate(manifests, model, sources, settings), found);
}

}  // namespace marty::rules
