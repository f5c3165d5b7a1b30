#include "rules/rule.hpp"

/// What kustomize itself refuses, or does without saying so; see kustomize/build.hpp.
namespace marty::rules::catalog {

extern const Rule kustomize_cycle{
    .id = "kustomize-cycle",
    .severity = Severity::kError,
    .title = "a kustomization builds itself",
    .why =
        "The directory is being built already, or is above one that is. kustomize refuses it. Move "
        "what both need into a third directory.",
};

extern const Rule kustomize_duplicate{
    .id = "kustomize-duplicate",
    .severity = Severity::kError,
    .title = "one object comes from two places",
    .why =
        "Two resources of a kustomization have one kind, namespace and name, or several generators "
        "write it. kustomize refuses the build; patch the object, or let one of the two replace it.",
};

extern const Rule kustomize_empty{
    .id = "kustomize-empty",
    .severity = Severity::kError,
    .title = "a kustomization that builds nothing",
    .why = "It has no resources, components or generators, or the file is empty. kustomize refuses it.",
};

extern const Rule kustomize_field{
    .id = "kustomize-field",
    .severity = Severity::kError,
    .title = "a transformer cannot write where it must",
    .why =
        "A label, prefix, namespace or image goes to a field whose parents are of another type, for "
        "example a list where a mapping is expected. The finding shows the path; mend the object.",
};

extern const Rule kustomize_generator{
    .id = "kustomize-generator",
    .severity = Severity::kError,
    .title = "a ConfigMap or Secret cannot be generated",
    .why =
        "A literal without =, a key that is no file name, a file that is there twice, or a behavior "
        "that has nothing to merge with or replace. The finding says which.",
};

extern const Rule kustomize_image{
    .id = "kustomize-image",
    .severity = Severity::kError,
    .title = "this is no image name",
    .why =
        "An entry of images names an image as registry/name, without tag or digest; those have "
        "fields of their own.",
};

extern const Rule kustomize_kind{
    .id = "kustomize-kind",
    .severity = Severity::kError,
    .title = "a file that is no kustomization",
    .why =
        "kind is Kustomization, or Component where components are listed, and each has its own "
        "apiVersion.",
};

extern const Rule kustomize_merge_key{
    .id = "kustomize-merge-key",
    .severity = Severity::kWarning,
    .title = "a merge that loses items",
    .why =
        "Lists are merged by a key such as name. An item without it makes kustomize lose the items "
        "before it when it merges a patch into the object, and nothing says so. Give every item its "
        "key.",
};

extern const Rule kustomize_no_file{
    .id = "kustomize-no-file",
    .severity = Severity::kError,
    .title = "a directory without a kustomization",
    .why =
        "A resource that is a directory must hold kustomization.yaml, kustomization.yml or "
        "Kustomization.",
};

extern const Rule kustomize_no_target{
    .id = "kustomize-no-target",
    .severity = Severity::kError,
    .title = "a patch that hits nothing",
    .why =
        "No object has the kind, name or labels that the patch asks for, so it changes nothing; "
        "without a target of its own kustomize refuses the build. Names are those before namePrefix "
        "and nameSuffix.",
};

extern const Rule kustomize_number{
    .id = "kustomize-number",
    .severity = Severity::kError,
    .title = "a number that JSON cannot say",
    .why =
        ".inf and .nan are numbers of YAML only; an object goes to the API server as JSON. Write a "
        "finite number or a text.",
};

extern const Rule kustomize_outside_root{
    .id = "kustomize-outside-root",
    .severity = Severity::kError,
    .title = "a file outside of the kustomization's directory",
    .why =
        "kustomize reads files only in or below the directory of the kustomization, so that it can "
        "be moved and trusted. Refer to the directory as a resource instead, or move the file.",
};

extern const Rule kustomize_patch{
    .id = "kustomize-patch",
    .severity = Severity::kError,
    .title = "a patch that cannot be carried out",
    .why =
        "A path that does not exist, a value of the wrong type, an unknown operation, or a patch "
        "with neither a path nor an operation. The finding says what the object has at that place.",
};

extern const Rule kustomize_reference{
    .id = "kustomize-reference",
    .severity = Severity::kError,
    .title = "a reference that cannot be followed",
    .why =
        "kustomize renames what refers to an object together with it. This reference has no name, "
        "or fits several objects that get different names.",
};

extern const Rule kustomize_replacement{
    .id = "kustomize-replacement",
    .severity = Severity::kError,
    .title = "a replacement without source or target",
    .why =
        "The source must be one field of one object, and each target must exist unless options: "
        "{create: true} says otherwise. The finding says which of them was not found.",
};

extern const Rule kustomize_selector{
    .id = "kustomize-selector",
    .severity = Severity::kError,
    .title = "a selector that cannot be read",
    .why =
        "Label and annotation selectors are written as for kubectl: app=web,tier in (a, b),!legacy. "
        "Names of targets are regular expressions of Go.",
};

extern const Rule kustomize_unsupported{
    .id = "kustomize-unsupported",
    .severity = Severity::kError,
    .title = "a feature that marty does not build",
    .why =
        "Remote resources, Helm charts, plugins and functions run other programs or reach for the "
        "network, which validate does not. Build with kustomize first, and validate what it prints.",
};

}  // namespace marty::rules::catalog
