#include "rules/rule.hpp"

namespace marty::rules::catalog {

extern const Rule wrong_type{
    .id = "wrong-type",
    .severity = Severity::kError,
    .peers = "IST0106 VAL LW",
    .title = "a value of another type than the field takes",
    .why =
        "Texts, numbers and bools are different things to the API server: port: \"80\" is refused where a "
        "number is wanted, and version: 1.10 is the number 1.1 where a text is. YAML guesses the type of "
        "what has no quotes: yes, no, on and off are bools, and 012 is ten.",
    .bad = R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data:
  version: 1.10 # <<
  enabled: on # <<
)",
    .good = R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data:
  version: "1.10"
  enabled: "on"
)",
};

}  // namespace marty::rules::catalog
