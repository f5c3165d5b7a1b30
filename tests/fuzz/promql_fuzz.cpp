// Any bytes: parsing ends, in a tree whose offsets lie inside of the text or in a problem that does.
#include <string_view>

#include "core/assert.hpp"
#include "promql/syntax.hpp"

namespace {
void inside(const marty::promql::Expr& expr, std::size_t size) {
  MARTY_ASSERT(expr.at <= expr.end && expr.end <= size && expr.depth <= marty::promql::kDepthMax);
  for (const auto& child : expr.children) inside(child, size);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace marty::promql;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto dialect : {Dialect::kPrometheus, Dialect::kGrafana}) {
    const auto parsed = parse(text, dialect);
    if (parsed) inside(parsed.root, size);
    MARTY_ASSERT(parsed || parsed.problem->at <= size);
  }
  return 0;
}
