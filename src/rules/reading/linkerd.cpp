#include "rules/rule.hpp"

/// What the readers of Linkerd's kinds say.
namespace marty::rules::catalog {

extern const Rule unused_budget{
    .id = "unused-budget",
    .severity = Severity::kWarning,
    .title = "a retry budget without anything to retry",
    .why =
        "A ServiceProfile's retryBudget bounds the retries of routes with isRetryable: true, and "
        "here is none. Mark the routes whose requests may be repeated, or take the budget away.",
};

extern const Rule unsupported_filter{
    .id = "unsupported-filter",
    .severity = Severity::kError,
    .title = "a filter that Linkerd cannot carry out",
    .why =
        "Linkerd knows header modifiers and redirects on routes. A route with another filter is "
        "left out as a whole, and a backend with one answers 500 to every request.",
};

extern const Rule unknown_annotation{
    .id = "unknown-annotation",
    .severity = Severity::kWarning,
    .title = "an annotation that Linkerd does not know",
    .why =
        "Linkerd ignores annotations it does not know, so what this was meant to set keeps its "
        "default. Most are slips of the finger: the finding names the one that was likely meant.",
};

extern const Rule too_many{
    .id = "too-many",
    .severity = Severity::kError,
    .title = "more items than the kind takes",
    .why =
        "The CRD bounds how many rules, matches, filters and backends a route has, and the API "
        "server refuses more. Split the route.",
};

}  // namespace marty::rules::catalog
