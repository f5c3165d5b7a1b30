#include "rules/rule.hpp"

/// What is found before a text has become objects.
namespace marty::rules::catalog {

extern const Rule yaml_syntax{
    .id = "yaml-syntax",
    .severity = Severity::kError,
    .title = "this is no YAML, or none that Kubernetes reads",
    .why =
        "Nothing of a document that cannot be read is checked, so whatever else is wrong in it "
        "stays unsaid. The finding points at the character where reading ended; a note says what "
        "was being read there. Common causes are tabs as indentation, a missing quote, and a file "
        "that is not UTF-8.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop]} # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop}
)",
};

extern const Rule yaml_limit{
    .id = "yaml-limit",
    .severity = Severity::kError,
    .title = "a text grows beyond what any manifest needs",
    .why =
        "Files, nesting and what aliases unfold to are bounded, so that a hostile or broken file "
        "cannot use up memory and time: 256 MiB of text, 100 levels, and a fixed number of values "
        "for the aliases of a document. No object of a cluster is near these bounds. Write the "
        "values out, or split the file.",
};

extern const Rule duplicate_key{
    .id = "duplicate-key",
    .severity = Severity::kError,
    .title = "a key appears twice in one mapping",
    .why =
        "Readers of YAML keep one of the two, most the last, and say nothing; the API server "
        "refuses the object under strict validation. What was written first is lost, and reading "
        "from the top nobody notices. Remove one of them, or merge what is below them.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {istio-injection: enabled}
  labels: {team: pets} # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {istio-injection: enabled, team: pets}
)",
};

extern const Rule unreadable_file{
    .id = "unreadable-file",
    .severity = Severity::kError,
    .title = "a file cannot be read",
    .why =
        "The operating system refused it, or it is not there; the finding says which of the two. "
        "What it holds was not checked, so the run is not clean whatever else was found.",
};

extern const Rule nothing_to_read{
    .id = "nothing-to-read",
    .severity = Severity::kError,
    .title = "a directory has nothing to check",
    .why =
        "It holds neither YAML nor JSON files nor a kustomization, so success would mean nothing. "
        "Directories below it are not searched: name them, or write a kustomization that lists "
        "them.",
};

extern const Rule bad_crd{
    .id = "bad-crd",
    .severity = Severity::kError,
    .title = "a definition of a kind says too little",
    .why =
        "A CustomResourceDefinition given with --crd has no names, no versions, or a version "
        "without a schema. Objects of that kind cannot be checked, so they are counted as unknown.",
};

extern const Rule bad_ignore{
    .id = "bad-ignore",
    .severity = Severity::kWarning,
    .title = "a decision to ignore a finding is not understood",
    .why =
        "A comment marty:ignore, or an entry of the configuration, needs a rule that exists and a "
        "reason, and its last day must be a day. One that is not understood ignores nothing: better "
        "a finding too many than one too few.",
};

}  // namespace marty::rules::catalog
