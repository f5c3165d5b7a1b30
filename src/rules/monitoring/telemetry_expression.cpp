#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"
#include "schema/cel.hpp"

namespace marty::rules::catalog {
namespace {

/// Functions of Envoy's that we lack are no fault of the text's.
bool is_about_a_function(std::string_view why) { return why.find("function") != why.npos; }

void check(const Estate& estate, Report& report) {
  each(estate.of("Telemetry", "telemetry.istio.io"),
       {"spec.accessLogging[].filter.expression", "spec.metrics[].overrides[].tagOverrides{}.value"},
       [&](const Resource* telemetry, const Place& expression) {
         std::string why;
         if (schema::parse_cel(expression.node.text, why) == nullptr && !is_about_a_function(why))
           report.at(*telemetry, expression, fmt::format("this is no CEL expression: {}", why));
       });
}

}  // namespace

extern const Rule telemetry_expression{
    .id = "telemetry-expression",
    .severity = Severity::kError,
    .peers = "VAL",
    .title = "a filter or label of a Telemetry that is no CEL expression",
    .why =
        "Filters of access logs and values of metric labels are expressions in CEL, which the proxy parses, "
        "not Istio. One that does not parse is found out late: the label reads 'unknown', the filter makes "
        "the "
        "proxy refuse its listeners. A plain text is written with quotes of its own: '\"gold\"'.",
    .bad = R"(
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: logs, namespace: shop}
spec:
  accessLogging:
  - providers: [{name: envoy}]
    filter:
      expression: response.code >> 500 # <<
)",
    .good = R"(
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: logs, namespace: shop}
spec:
  accessLogging:
  - providers: [{name: envoy}]
    filter:
      expression: response.code >= 500 || connection.mtls == false
)",
    .check = check,
};

}  // namespace marty::rules::catalog
