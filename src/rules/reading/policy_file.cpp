#include "rules/rule.hpp"

/// What the reader of mesh.yaml and local.yaml says.
namespace marty::rules::catalog {

extern const Rule policy_file{
    .id = "policy-file",
    .severity = Severity::kError,
    .title = "mesh.yaml is not one policy",
    .why =
        "A policy file is one document of apiVersion marty.dev/v1 and kind ServiceMesh. Everything "
        "else is generated from it.",
};

extern const Rule duplicate_name{
    .id = "duplicate-name",
    .severity = Severity::kError,
    .title = "a name is there twice",
    .why =
        "Names of versions, routes, callers and clusters are referred to, so each means one thing. "
        "Rename one of the two.",
};

extern const Rule split_sum{
    .id = "split-sum",
    .severity = Severity::kError,
    .title = "the parts of a split do not make a whole",
    .why =
        "The split says percents of all requests, and they do not add up to 100. Meshes disagree on "
        "what that means, so it is not generated. The finding shows the sum, and the number that "
        "would complete it where there is one.",
};

extern const Rule no_pods{
    .id = "no-pods",
    .severity = Severity::kError,
    .title = "requests are sent to a version without replicas",
    .why =
        "With no replicas there is nobody to answer, and the requests that routing sends there get "
        "503. Give it replicas first and requests second.",
};

extern const Rule never_reached{
    .id = "never-reached",
    .severity = Severity::kError,
    .title = "an experiment that no request can reach",
    .why =
        "An earlier one matches the same header, and the first match counts. Change the header, or "
        "the order.",
};

extern const Rule retries_beyond_timeout{
    .id = "retries-beyond-timeout",
    .severity = Severity::kWarning,
    .title = "the timeout ends before the tries do",
    .why =
        "The timeout covers all tries and the pauses between them. The finding shows the "
        "arithmetic: the later tries do not get the time they were given, or never begin. Raise the "
        "timeout or lower perTryTimeout or attempts.",
};

extern const Rule ejects_nothing{
    .id = "ejects-nothing",
    .severity = Severity::kWarning,
    .title = "so few pods that none is ever taken out",
    .why =
        "maxEjectedPercent of the pods of this version is less than one pod, so failing pods keep "
        "getting requests. Raise the percentage or the number of replicas.",
};

extern const Rule chaos_included{
    .id = "chaos-included",
    .severity = Severity::kWarning,
    .title = "an overlay for everybody injects faults",
    .why =
        "The chaos rules of the policy file are in force wherever this overlay is applied. Generate "
        "the production one without them: generate-overlay --environment production.",
};

extern const Rule chaos_left_out{
    .id = "chaos-left-out",
    .severity = Severity::kInfo,
    .title = "the chaos rules are not in this overlay",
    .why =
        "An overlay for production has no fault injection. Generate one for tests with "
        "--environment test.",
};

extern const Rule not_expressed{
    .id = "not-expressed",
    .severity = Severity::kInfo,
    .title = "something the policy asks for that this mesh cannot do",
    .why =
        "Meshes differ in what they can say. What a generated tree leaves out, or says in another "
        "way, is listed so that nothing is dropped in silence.",
};

extern const Rule empty_file{
    .id = "empty-file",
    .severity = Severity::kError,
    .title = "a file is empty",
    .why =
        "local.yaml says which workloads run on this machine, and how. Delete the file to run all "
        "with their defaults.",
};

extern const Rule unknown_workload{
    .id = "unknown-workload",
    .severity = Severity::kError,
    .title = "local.yaml names a Deployment that is not there",
    .why =
        "No Deployment of the manifests has this name. The finding names the one that was likely "
        "meant.",
};

extern const Rule workload_not_local{
    .id = "workload-not-local",
    .severity = Severity::kWarning,
    .title = "a Deployment that does not run here",
    .why =
        "local.yaml lists what runs on this machine, and leaves this one out: calls to it find no "
        "pod.",
};

}  // namespace marty::rules::catalog
