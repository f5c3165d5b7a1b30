#include "kustomize/kustomization.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace marty::kustomize {

using namespace manifest;

namespace {

constexpr std::string_view kVersion = "kustomize.config.k8s.io/v1beta1";
constexpr std::string_view kComponentVersion = "kustomize.config.k8s.io/v1alpha1";

/// What kustomize does and marty does not, and what to do instead.
constexpr struct Refused {
  std::string_view field, instead;
} kRefused[] = {
    {"buildMetadata", "remove it; marty remembers where each value was written by itself"},
    {"configurations", "say the fields in 'labels' with 'fields', or use replacements"},
    {"crds", "write the references of custom resources as replacements"},
    {"generators", "run the generator with 'kustomize build' and list its output under resources"},
    {"helmChartInflationGenerator", "write the chart's output of 'helm template' to a file under resources"},
    {"helmCharts", "write the chart's output of 'helm template' to a file and list it under resources"},
    {"helmGlobals", "write the chart's output of 'helm template' to a file and list it under resources"},
    {"openapi", "marty merges by the schema that kustomize carries; use a JSON 6902 patch for other lists"},
    {"transformers",
     "use the fields of the kustomization itself, or give marty the output of 'kustomize build'"},
    {"validators", "remove them; 'marty service-mesh validate' checks what is built"},
    {"vars", "use replacements, which have taken their place"},
};

}  // namespace

namespace {

template <class S>
std::vector<Row> selector_rows() {
  return {field("group", &S::group), field("version", &S::version), field("kind", &S::kind),
          field("name", &S::name), field("namespace", &S::ns)};
}

std::vector<Row> with(std::vector<Row> rows, std::vector<Row> more) {
  rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

}  // namespace

const Table& fields(Tag<Selector>) {
  using S = Selector;
  static const Fields<S> table{
      "Selector", with(selector_rows<S>(), {field("labelSelector", &S::label_selector),
                                            field("annotationSelector", &S::annotation_selector)})};
  return table;
}

const Table& fields(Tag<PatchEntry::Options>) {
  using O = PatchEntry::Options;
  static const Fields<O> table{
      "Options",
      {field("allowNameChange", &O::allow_name_change), field("allowKindChange", &O::allow_kind_change)}};
  return table;
}

const Table& fields(Tag<PatchEntry>) {
  using P = PatchEntry;
  static const Fields<P> table{"Patch",
                               {field("path", &P::path), field("patch", &P::patch),
                                field("target", &P::target), field("options", &P::options)},
                               [](const P& patch, const Node& node, Reader& reader) {
                                 if (patch.path->empty() != patch.patch->empty()) return;
                                 reader.error("kustomize-patch", node.range(),
                                              patch.path->empty() ? "a patch needs 'path' or 'patch'"
                                                                  : "'path' and 'patch' exclude each other");
                               }};
  return table;
}

const Table& fields(Tag<LabelEntry::Field>) {
  using F = LabelEntry::Field;
  static const Fields<F> table{
      "FieldSpec",
      {field("group", &F::group), field("version", &F::version), field("kind", &F::kind),
       field("path", &F::path, kRequired), field("create", &F::create)}};
  return table;
}

const Table& fields(Tag<LabelEntry>) {
  using L = LabelEntry;
  static const Fields<L> table{
      "Label",
      {field("pairs", &L::pairs), field("includeSelectors", &L::include_selectors),
       field("includeTemplates", &L::include_templates), field("fields", &L::fields)}};
  return table;
}

const Table& fields(Tag<ImageEntry>) {
  using I = ImageEntry;
  static const Fields<I> table{
      "Image",
      {field("name", &I::name), field("newName", &I::new_name), field("newTag", &I::new_tag),
       field("digest", &I::digest), field("tagSuffix", &I::tag_suffix)}};
  return table;
}

const Table& fields(Tag<ReplicaEntry>) {
  using R = ReplicaEntry;
  static const Fields<R> table{"Replica", {field("name", &R::name), field("count", &R::count)}};
  return table;
}

const Table& fields(Tag<GeneratorOptions>) {
  using O = GeneratorOptions;
  static const Fields<O> table{
      "GeneratorOptions",
      {field("labels", &O::labels), field("annotations", &O::annotations),
       field("disableNameSuffixHash", &O::disable_name_suffix_hash), field("immutable", &O::immutable)}};
  return table;
}

const Table& fields(Tag<GeneratorEntry>) {
  using G = GeneratorEntry;
  static const Fields<G> table{
      "Generator",
      {field("name", &G::name, kRequired), field("namespace", &G::ns), field("behavior", &G::behavior),
       field("files", &G::files), field("literals", &G::literals), field("envs", &G::envs),
       field("env", &G::env, deprecated("list it under envs")), field("options", &G::options),
       field("type", &G::type)}};
  return table;
}

const Table& fields(Tag<FieldOptions>) {
  using O = FieldOptions;
  static const Fields<O> table{"FieldOptions",
                               {field("delimiter", &O::delimiter), field("index", &O::index),
                                field("create", &O::create), ignored("encoding")}};
  return table;
}

const Table& fields(Tag<Replacement::Source>) {
  using S = Replacement::Source;
  static const Fields<S> table{"Source", with(selector_rows<S>(), {field("fieldPath", &S::field_path),
                                                                   field("options", &S::options)})};
  return table;
}

const Table& fields(Tag<Replacement::Target>) {
  using T = Replacement::Target;
  static const Fields<T> table{"Target",
                               {field("select", &T::select, kRequired), field("reject", &T::reject),
                                field("fieldPaths", &T::field_paths), field("options", &T::options)}};
  return table;
}

const Table& fields(Tag<Replacement>) {
  using R = Replacement;
  static const Fields<R> table{
      "Replacement",
      {field("source", &R::source), field("sourceValue", &R::source_value), field("targets", &R::targets),
       field("path", &R::path)},
      [](const R& replacement, const Node& node, Reader& reader) {
        const bool value = replacement.source || replacement.source_value;
        if (!replacement.path->empty()) {
          if (value || !replacement.targets.empty())
            reader.error("kustomize-replacement", node.range(), "'path' excludes all other fields here");
        } else if (!value || replacement.targets.empty()) {
          reader.error("kustomize-replacement", node.range(),
                       "a replacement needs 'source' or 'sourceValue', and 'targets'");
        } else if (replacement.source && replacement.source_value) {
          reader.error("kustomize-replacement", node.range(),
                       "'source' and 'sourceValue' exclude each other");
        }
      }};
  return table;
}

const Table& fields(Tag<SortOptions::Legacy>) {
  using L = SortOptions::Legacy;
  static const Fields<L> table{"LegacySortOptions",
                               {field("orderFirst", &L::first), field("orderLast", &L::last)}};
  return table;
}

const Table& fields(Tag<SortOptions>) {
  using S = SortOptions;
  static const Fields<S> table{"SortOptions",
                               {field("order", &S::order), field("legacySortOptions", &S::legacy)},
                               [](const S& sort, const Node& node, Reader& reader) {
                                 if (*sort.order != "fifo" && *sort.order != "legacy") {
                                   reader.error("invalid-value", node.range(), "'order' is fifo or legacy");
                                 } else if (*sort.order == "fifo" && sort.legacy) {
                                   reader.error("conflicting-fields", node.range(),
                                                "'legacySortOptions' goes with 'order: legacy'");
                                 }
                               }};
  return table;
}

const Table& fields(Tag<Kustomization>) {
  using K = Kustomization;
  static const Fields<K> table{
      "Kustomization", [] {
        std::vector<Row> rows{
            field("apiVersion", &K::api_version),
            field("kind", &K::kind),
            ignored("metadata"),
            field("resources", &K::resources),
            field("bases", &K::bases, deprecated("list it under resources")),
            field("components", &K::components),
            field("namespace", &K::ns),
            field("namePrefix", &K::name_prefix),
            field("nameSuffix", &K::name_suffix),
            field("labels", &K::labels),
            field("commonLabels", &K::common_labels,
                  deprecated("write it under labels, with includeSelectors: true")),
            field("commonAnnotations", &K::common_annotations),
            field("patches", &K::patches),
            field("patchesStrategicMerge", &K::merge_patches, deprecated("list it under patches")),
            field("patchesJson6902", &K::json_patches, deprecated("list it under patches")),
            field("images", &K::images),
            field("imageTags", &K::image_tags, deprecated("list it under images")),
            field("replicas", &K::replicas),
            field("configMapGenerator", &K::config_maps),
            field("secretGenerator", &K::secrets),
            field("generatorOptions", &K::generator_options),
            field("replacements", &K::replacements),
            field("sortOptions", &K::sort)};
        for (const Refused& refused : kRefused) rows.push_back(ignored(refused.field));
        return rows;
      }()};
  return table;
}

namespace {

bool says_something(const Node& document) {
  for (std::size_t i = 0; i < document.size(); ++i) {
    const auto [key, value] = document.entry(i);
    if (key.text == "apiVersion" || key.text == "kind" || value.is_null()) continue;
    if (!value.is_scalar() || !value.text.empty()) return true;
  }
  return false;
}

bool refuse(const Node& document, const ObjectRef& object, Diagnostics& found) {
  bool fine = true;
  for (const Refused& refused : kRefused) {
    const Node* value = document.find(refused.field);
    if (!value || value->is_null() || (value->is_sequence() && value->children.empty())) continue;
    const Node& key = *(value - 1);
    Diagnostic& finding =
        found.error("kustomize-unsupported", key.range(),
                    fmt::format("marty does not carry out '{}' of a kustomization", key.text));
    finding.notes.push_back({{}, std::string(refused.instead)});
    finding.object = object;
    finding.field = key.text;
    fine = false;
  }
  return fine;
}

bool check_kind(const Kustomization& read, const Node& document, Diagnostics& found) {
  if (!read.kind->empty() && *read.kind != "Kustomization" && *read.kind != "Component") {
    found.error("kustomize-kind", document.find("kind")->range(), "'kind' is Kustomization or Component");
    return false;
  }
  const auto wanted = read.is_component() ? kComponentVersion : kVersion;
  if (read.api_version->empty() || *read.api_version == wanted) return true;
  const Node& place = *document.find("apiVersion");
  found.error("kustomize-kind", place.range(), fmt::format("'apiVersion' here is {}", wanted)).fix =
      Fix{place.range(), std::string(wanted)};
  return false;
}

}  // namespace

bool read_kustomization(const Node& document, const std::string& shown, Kustomization& out,
                        Diagnostics& found) {
  const ObjectRef object{std::string(kVersion), "Kustomization", "", shown};
  bool fine = refuse(document, object, found);
  fine &= decode(document, out, object, found);
  if (!fine || !check_kind(out, document, found)) return false;
  if (!says_something(document)) {
    found.error("kustomize-empty", document.range(),
                "this kustomization says nothing; list files under 'resources'");
    return false;
  }
  const auto append = [](auto& to, auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(out.resources, out.bases);
  append(out.images, out.image_tags);
  for (auto* generators : {&out.config_maps, &out.secrets}) {
    for (GeneratorEntry& entry : *generators) {
      if (!entry.env->empty()) entry.envs.push_back(entry.env);
    }
  }
  return true;
}

}  // namespace marty::kustomize
