#include <gtest/gtest.h>

#include "kustomize/build.hpp"
#include "kustomize/name_hash.hpp"
#include "manifest/memory_tree.hpp"

namespace marty::kustomize {
namespace {

using manifest::MemoryTree;
using manifest::Node;

struct Build {
  SourceMap sources;
  Diagnostics found;
  Built built;
  Build(std::map<std::string, std::string> files, const std::string& directory) {
    MemoryTree tree;
    tree.files = std::move(files);
    built = build(tree, directory, sources, found);
  }
  std::string place(std::size_t object, std::initializer_list<std::string_view> path) {
    const Node* node = built.objects.at(object).root.at(path);
    return node ? sources.describe(node->origin) : "absent";
  }
  std::string findings() const {
    std::string out;
    for (const auto& finding : found.all()) out += render(finding, sources);
    return out;
  }
};

const char* const kDeployment =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n  paused: true\n"
    "  template:\n    spec:\n      containers:\n      - name: web\n        image: web:1\n        env:\n"
    "        - {name: A, value: one}\n";

TEST(Provenance, EveryValuePointsAtWhatWroteIt) {
  Build run(
      {{"base/kustomization.yaml", "resources: [d.yaml]\n"},
       {"base/d.yaml", kDeployment},
       {"over/kustomization.yaml",
        "namespace: shop\nresources: [../base]\nnamePrefix: x-\nlabels:\n- pairs:\n    team: pets\n"
        "images:\n- name: web\n  newTag: \"2\"\npatches:\n- path: p.yaml\n- patch: |-\n"
        "    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec:\n"
        "      paused: false\n"
        "- target: {kind: Deployment}\n  patch: '[{\"op\": \"add\", \"path\": \"/spec/minReadySeconds\", "
        "\"value\": 3}]'\n"},
       {"over/p.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n"
        "      containers:\n      - name: web\n        env:\n        - {name: B, value: two}\n"}},
      "over");
  ASSERT_TRUE(run.built.complete) << run.findings();
  ASSERT_EQ(run.built.objects.size(), 1u);
  EXPECT_EQ(*run.built.objects[0].name, "x-web");
  EXPECT_EQ(run.place(0, {"metadata", "name"}), "base/d.yaml:4:9");
  EXPECT_EQ(run.place(0, {"metadata", "namespace"}), "over/kustomization.yaml:1:12");
  EXPECT_EQ(run.place(0, {"metadata", "labels", "team"}), "over/kustomization.yaml:6:11");
  EXPECT_EQ(run.place(0, {"spec", "replicas"}), "base/d.yaml:6:13");
  EXPECT_EQ(run.place(0, {"spec", "paused"}), "over/kustomization.yaml:17:15");  // inside the inline patch
  EXPECT_EQ(run.place(0, {"spec", "minReadySeconds"}), "over/kustomization.yaml:19:10");
  EXPECT_EQ(run.place(0, {"spec", "template", "spec", "containers", "0", "image"}),
            "over/kustomization.yaml:9:11");
  EXPECT_EQ(run.place(0, {"spec", "template", "spec", "containers", "0", "env", "0", "value"}),
            "over/p.yaml:10:28");
  EXPECT_EQ(run.place(0, {"spec", "template", "spec", "containers", "0", "env", "1", "value"}),
            "base/d.yaml:14:28");
  EXPECT_EQ(run.built.files.size(), 4u);
}

TEST(Provenance, GeneratedValuesAndReplacementsPointAtTheirSources) {
  Build run(
      {{"kustomization.yaml",
        "configMapGenerator:\n- name: cm\n  literals:\n  - a=1\n  files: [f.txt]\n  envs: [e.env]\n"
        "resources: [cm2.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: cm2, fieldPath: data.x}\n"
        "  targets: [{select: {name: cm}, fieldPaths: [data.a]}]\n"},
       {"f.txt", "text\n"},
       {"e.env", "# nothing\nE=1\n"},
       {"cm2.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm2}\ndata: {x: from-cm2}\n"}},
      ".");
  ASSERT_TRUE(run.built.complete) << run.findings();
  ASSERT_EQ(run.built.objects.size(), 2u);
  const std::size_t generated = run.built.objects[0].name->starts_with("cm-") ? 0 : 1;
  EXPECT_EQ(run.place(generated, {"metadata", "name"}), "kustomization.yaml:2:9");
  EXPECT_EQ(run.place(generated, {"data", "a"}), "cm2.yaml:4:11");
  EXPECT_EQ(run.place(generated, {"data", "f.txt"}), "f.txt:1:1");
  EXPECT_EQ(run.place(generated, {"data", "E"}), "e.env:2:1");
}

TEST(Provenance, FindingsSayWhichKustomizationAskedForWhat) {
  Build run({{"a/kustomization.yaml", "resources: [gone.yaml]\n"},
             {"b/kustomization.yaml", "resources:\n- ../a\n"},
             {"c/kustomization.yaml", "namePrefix: c-\nresources:\n- ../b\n"}},
            "c");
  ASSERT_EQ(run.found.all().size(), 1u);
  const auto& finding = run.found.all()[0];
  EXPECT_EQ(run.sources.describe(finding.where.begin), "a/kustomization.yaml:1:13");
  ASSERT_EQ(finding.notes.size(), 2u);
  EXPECT_EQ(run.sources.describe(finding.notes[0].where.begin), "b/kustomization.yaml:2:3");
  EXPECT_EQ(run.sources.describe(finding.notes[1].where.begin), "c/kustomization.yaml:3:3");
  EXPECT_FALSE(run.built.complete);
}

TEST(Kustomization, WhatIsNotCarriedOutIsRefusedByNameWithAWayOut) {
  for (const char* field :
       {"buildMetadata", "configurations", "crds", "generators", "helmChartInflationGenerator", "helmCharts",
        "openapi", "transformers", "validators", "vars"}) {
    const std::string value = std::string(field) == "openapi" ? "{path: x}" : "[x]";
    Build run({{"kustomization.yaml", "resources: []\n" + std::string(field) + ": " + value + "\n"}}, ".");
    ASSERT_EQ(run.found.all().size(), 1u) << field;
    const auto& finding = run.found.all()[0];
    EXPECT_EQ(finding.rule, "kustomize-unsupported");
    EXPECT_NE(finding.message.find(field), std::string::npos) << finding.message;
    EXPECT_EQ(finding.where.begin.line, 2u);
    EXPECT_EQ(finding.notes.size(), 1u);
  }
  for (const char* remote : {"https://example.com/x.yaml", "github.com/a/b?ref=v1", "git@github.com:a/b"}) {
    Build run({{"kustomization.yaml", "resources: [\"" + std::string(remote) + "\"]\n"}}, ".");
    ASSERT_EQ(run.found.all().size(), 1u) << remote;
    EXPECT_EQ(run.found.all()[0].rule, "kustomize-unsupported");
  }
}

TEST(Kustomization, DeprecatedFieldsAndTargetsOfNothingAreWarnings) {
  Build run(
      {{"kustomization.yaml",
        "commonLabels: {a: b}\npatches: [{target: {kind: Secret}, patch: '[{\"op\": \"remove\", \"path\": "
        "\"/x\"}]'}]\nresources: [d.yaml]\n"},
       {"d.yaml", kDeployment}},
      ".");
  EXPECT_TRUE(run.built.complete);
  ASSERT_EQ(run.found.all().size(), 2u) << run.findings();
  EXPECT_EQ(run.found.all()[0].rule, "deprecated-field");
  EXPECT_EQ(run.found.all()[1].rule, "kustomize-no-target");
  EXPECT_EQ(run.found.count(Severity::kError), 0u);
}

TEST(NameHash, AgreesWithThePublishedExamples) {
  // FIPS 180-2, appendix B.
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  // RFC 4648, section 10.
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(go_json_string("<a>&\"\n\xE2\x80\xA8\xFF"), "\"\\u003ca\\u003e\\u0026\\\"\\n\\u2028\\ufffd\"");
}

}  // namespace
}  // namespace marty::kustomize
