#include "rules/rule.hpp"

/// What the readers of Kubernetes' own kinds say, and of objects as a whole.
namespace marty::rules::catalog {

extern const Rule duplicate_object{
    .id = "duplicate-object",
    .severity = Severity::kError,
    .title = "one object is there twice",
    .why =
        "Two documents have one kind, namespace and name. Applied together the second one "
        "overwrites the first, in an order that depends on the tool. Here the first one counts. "
        "Rename one, or merge them.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop} # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: office}
)",
};

extern const Rule unknown_port{
    .id = "unknown-port",
    .severity = Severity::kError,
    .peers = "KIA0701",
    .title = "a Service's target port that no container has",
    .why =
        "targetPort names a port of the containers, and no selected pod has a container port of "
        "that name: the Service has no endpoint there, and connections are refused. Name the port "
        "in the pod template, or give its number.",
};

extern const Rule selector_mismatch{
    .id = "selector-mismatch",
    .severity = Severity::kError,
    .peers = "KL-mismatching-selector",
    .title = "a workload does not select its own pods",
    .why =
        "The API server refuses a workload whose selector does not match the labels of its pod "
        "template, as it would create pods without end.",
};

extern const Rule unknown_value{
    .id = "unknown-value",
    .severity = Severity::kError,
    .title = "a word that is not one of those allowed",
    .why =
        "The field takes one of a few words, and the finding lists them. The mesh refuses the "
        "object, or takes the default.",
};

extern const Rule deprecated_field{
    .id = "deprecated-field",
    .severity = Severity::kWarning,
    .peers = "IST0133",
    .title = "a field that has a successor",
    .why = "It still works, and the next releases may drop it. The finding says what to write instead.",
};

extern const Rule kind_not_read{
    .id = "kind-not-read",
    .severity = Severity::kWarning,
    .title = "a kind of a mesh that marty does not read",
    .why =
        "The local mesh knows nothing of such objects, so they have no effect there. validate "
        "leaves this out: it checks them against their schema.",
};

}  // namespace marty::rules::catalog
