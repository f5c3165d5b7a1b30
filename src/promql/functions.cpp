#include "promql/functions.hpp"

#include <algorithm>

namespace marty::promql {
namespace {

constexpr std::size_t kAny = 1000;

constexpr Function kFunctions[] = {
    {"abs", "v", 1, 1},
    {"absent", "v", 1, 1},
    {"absent_over_time", "m", 1, 1},
    {"acos", "v", 1, 1},
    {"acosh", "v", 1, 1},
    {"asin", "v", 1, 1},
    {"asinh", "v", 1, 1},
    {"atan", "v", 1, 1},
    {"atanh", "v", 1, 1},
    {"avg_over_time", "m", 1, 1},
    {"ceil", "v", 1, 1},
    {"changes", "m", 1, 1},
    {"clamp", "vss", 3, 3},
    {"clamp_max", "vs", 2, 2},
    {"clamp_min", "vs", 2, 2},
    {"cos", "v", 1, 1},
    {"cosh", "v", 1, 1},
    {"count_over_time", "m", 1, 1},
    {"day_of_month", "v", 0, 1},
    {"day_of_week", "v", 0, 1},
    {"day_of_year", "v", 0, 1},
    {"days_in_month", "v", 0, 1},
    {"deg", "v", 1, 1},
    {"delta", "m", 1, 1},
    {"deriv", "m", 1, 1},
    {"double_exponential_smoothing", "mss", 3, 3},
    {"exp", "v", 1, 1},
    {"first_over_time", "m", 1, 1},
    {"floor", "v", 1, 1},
    {"histogram_avg", "v", 1, 1},
    {"histogram_count", "v", 1, 1},
    {"histogram_fraction", "ssv", 3, 3},
    {"histogram_quantile", "sv", 2, 2},
    {"histogram_stddev", "v", 1, 1},
    {"histogram_stdvar", "v", 1, 1},
    {"histogram_sum", "v", 1, 1},
    {"holt_winters", "mss", 3, 3},
    {"hour", "v", 0, 1},
    {"idelta", "m", 1, 1},
    {"increase", "m", 1, 1},
    {"info", "vv", 1, 2},
    {"irate", "m", 1, 1},
    {"label_join", "vttt", 3, kAny},
    {"label_replace", "vtttt", 5, 5},
    {"last_over_time", "m", 1, 1},
    {"ln", "v", 1, 1},
    {"log10", "v", 1, 1},
    {"log2", "v", 1, 1},
    {"mad_over_time", "m", 1, 1},
    {"max_over_time", "m", 1, 1},
    {"min_over_time", "m", 1, 1},
    {"minute", "v", 0, 1},
    {"month", "v", 0, 1},
    {"pi", "", 0, 0, Type::kScalar},
    {"predict_linear", "ms", 2, 2},
    {"present_over_time", "m", 1, 1},
    {"quantile_over_time", "sm", 2, 2},
    {"rad", "v", 1, 1},
    {"rate", "m", 1, 1},
    {"resets", "m", 1, 1},
    {"round", "vs", 1, 2},
    {"scalar", "v", 1, 1, Type::kScalar},
    {"sgn", "v", 1, 1},
    {"sin", "v", 1, 1},
    {"sinh", "v", 1, 1},
    {"sort", "v", 1, 1},
    {"sort_by_label", "vt", 2, kAny},
    {"sort_by_label_desc", "vt", 2, kAny},
    {"sort_desc", "v", 1, 1},
    {"sqrt", "v", 1, 1},
    {"stddev_over_time", "m", 1, 1},
    {"stdvar_over_time", "m", 1, 1},
    {"sum_over_time", "m", 1, 1},
    {"tan", "v", 1, 1},
    {"tanh", "v", 1, 1},
    {"time", "", 0, 0, Type::kScalar},
    {"timestamp", "v", 1, 1},
    {"ts_of_first_over_time", "m", 1, 1},
    {"ts_of_last_over_time", "m", 1, 1},
    {"ts_of_max_over_time", "m", 1, 1},
    {"ts_of_min_over_time", "m", 1, 1},
    {"vector", "s", 1, 1},
    {"year", "v", 0, 1},
};
static_assert(std::ranges::is_sorted(kFunctions, {}, &Function::name));

constexpr Aggregation kAggregations[] = {
    {"avg", ""},     {"bottomk", "s"},     {"count", ""}, {"count_values", "t"}, {"group", ""},
    {"limitk", "s"}, {"limit_ratio", "s"}, {"max", ""},   {"min", ""},           {"quantile", "s"},
    {"stddev", ""},  {"stdvar", ""},       {"sum", ""},   {"topk", "s"},
};

}  // namespace

Type Function::argument(std::size_t i) const {
  switch (arguments[std::min(i, arguments.size() - 1)]) {
    case 's':
      return Type::kScalar;
    case 't':
      return Type::kString;
    case 'm':
      return Type::kMatrix;
    default:
      return Type::kVector;
  }
}

const Function* find_function(std::string_view name) {
  const auto* found = std::ranges::lower_bound(kFunctions, name, {}, &Function::name);
  return found != std::end(kFunctions) && found->name == name ? found : nullptr;
}

const Aggregation* find_aggregation(std::string_view name) {
  const auto* found = std::ranges::find(kAggregations, name, &Aggregation::name);
  return found != std::end(kAggregations) ? found : nullptr;
}

}  // namespace marty::promql
