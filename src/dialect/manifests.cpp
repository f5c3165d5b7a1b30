#include "dialect/manifests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "core/text_hash.hpp"
#include "dialect/istio/destination_rule.hpp"
#include "dialect/kinds.hpp"
#include "dialect/linkerd/read.hpp"
#include "dialect/references.hpp"
#include "kustomize/build.hpp"

namespace marty::dialect {

namespace {

using manifest::Resource;

bool is_manifest_file(std::string_view name) {
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
}

class Reading {
 public:
  Reading(manifest::FileTree& tree, SourceMap& sources, Diagnostics& found, Manifests& out, Workers& workers)
      : tree_(tree), sources_(sources), found_(found), out_(out), workers_(workers) {}

  void path(const std::string& path) {
    auto names = tree_.list(path);
    if (!names) {
      // A kustomization named directly means its directory, as with kubectl.
      const auto name = path.substr(path.rfind('/') + 1);
      return keep(kustomize::file_in({name}).empty() ? file(path)
                                                     : kustomization(manifest::directory_of(path)));
    }
    if (!kustomize::file_in(*names).empty()) return keep(kustomization(path));
    std::erase_if(*names, [](const auto& name) { return !is_manifest_file(name); });
    if (!names->empty()) return directory(path, *names);
    out_.complete = false;
    found_.error("nothing-to-read", {},
                 fmt::format("{} has no YAML or JSON files and no kustomization.yaml", path));
  }

  void text(const std::string& name, std::string text) { keep(parse(add(name, std::move(text)))); }

 private:
  void keep(std::vector<Resource> resources) {
    std::move(resources.begin(), resources.end(), std::back_inserter(out_.resources));
  }

  std::vector<Resource> kustomization(const std::string& directory) {
    auto built = kustomize::build(tree_, directory, sources_, found_);
    out_.files.insert(out_.files.end(), built.files.begin(), built.files.end());
    if (!built.complete) out_.complete = false;
    return std::move(built.objects);
  }

  /// The files are fetched one after the other; what they say is read by all workers.
  void directory(const std::string& path, const std::vector<std::string>& names) {
    std::vector<std::uint16_t> numbers;
    for (const auto& name : names) {
      if (const auto number = fetch(path + "/" + name)) numbers.push_back(*number);
    }
    if (numbers.size() == 1) return keep(parse(numbers[0]));
    std::vector<Parsed> parsed(numbers.size());
    workers_.run(parsed.size(), [&](std::size_t i) {
      parsed[i].read = manifest::read_resources(sources_.text(numbers[i]), numbers[i], parsed[i].found);
    });
    std::size_t objects = out_.resources.size();
    for (const auto& one : parsed) objects += one.read.all.size();
    out_.resources.reserve(objects);
    for (auto& one : parsed) keep(take(std::move(one)));
  }

  std::vector<Resource> file(const std::string& path) {
    const auto number = fetch(path);
    return number ? parse(*number) : std::vector<Resource>{};
  }

  std::optional<std::uint16_t> fetch(const std::string& path) {
    auto text = tree_.read(path);
    if (text) return add(path, std::move(*text));
    out_.complete = false;
    auto& finding = found_.error("unreadable-file", {}, fmt::format("{}: {}", path, text.error().text));
    if (!text.error().next.empty()) finding.notes.push_back({{}, text.error().next});
    return {};
  }

  std::uint16_t add(const std::string& name, std::string text) {
    out_.files.push_back(name);
    return sources_.add(name, std::move(text));
  }

  struct Parsed {
    manifest::Resources read;
    Diagnostics found;
  };

  std::vector<Resource> parse(std::uint16_t number) {
    Parsed parsed;
    parsed.read = manifest::read_resources(sources_.text(number), number, parsed.found, workers_);
    return take(std::move(parsed));
  }

  std::vector<Resource> take(Parsed parsed) {
    out_.skipped += parsed.read.skipped;
    std::move(parsed.read.apis.begin(), parsed.read.apis.end(), std::back_inserter(out_.apis));
    for (auto& finding : parsed.found.all()) {
      if (finding.rule.starts_with("yaml-")) out_.complete = false;
      found_.add(std::move(finding));
    }
    return std::move(parsed.read.all);
  }

  manifest::FileTree& tree_;
  SourceMap& sources_;
  Diagnostics& found_;
  Manifests& out_;
  Workers& workers_;
};

void finish(Manifests& manifests, const std::string& default_ns) {
  for (auto& resource : manifests.resources) {
    if (resource.ns->empty() && *resource.kind != "Namespace") resource.ns.value = default_ns;
  }
}

}  // namespace

Manifests read_manifests(manifest::FileTree& tree, std::span<const std::string> paths, SourceMap& sources,
                         Diagnostics& found, const std::string& default_ns, Workers& workers) {
  Manifests out;
  Reading reading(tree, sources, found, out, workers);
  for (const auto& path : paths) reading.path(path);
  finish(out, default_ns);
  return out;
}

Manifests read_manifest_text(std::string name, std::string text, SourceMap& sources, Diagnostics& found,
                             const std::string& default_ns, Workers& workers) {
  struct Nothing final : manifest::FileTree {
    Result<std::string> read(const std::string&) override { return Error{ErrorCode::kInput, "no file", ""}; }
    Result<std::vector<std::string>> list(const std::string&) override {
      return Error{ErrorCode::kInput, "no directory", ""};
    }
  } nothing;
  Manifests out;
  Reading(nothing, sources, found, out, workers).text(name, std::move(text));
  finish(out, default_ns);
  return out;
}

namespace {

/// What no two objects of a cluster have in common.
struct Identity {
  std::string_view group, kind, ns, name;
  explicit Identity(const Resource& of) : group(of.group()), kind(*of.kind), ns(*of.ns), name(*of.name) {}
  friend bool operator==(const Identity&, const Identity&) = default;

  struct Hash {
    std::size_t operator()(const Identity& one) const {
      return mix(mix(mix(mix(0, one.group), one.kind), one.ns), one.name);
    }
  };
};

}  // namespace

mesh::Model to_model(const Manifests& manifests, Diagnostics& found,
                     std::optional<mesh::MeshKind> mesh_kind) {
  mesh::Model model;
  model.mesh_kind = mesh_kind.value_or(linkerd::mesh_kind_of(manifests.resources));
  std::unordered_set<Identity, Identity::Hash> seen(manifests.resources.size());
  for (const auto& resource : manifests.resources) {
    const bool fresh = seen.emplace(resource).second;
    if (!fresh && !resource.name->empty()) {
      auto& finding =
          found.error("duplicate-object", {resource.name.origin, 0},
                      fmt::format("{} '{}' is defined twice in namespace '{}'; the first one counts here",
                                  *resource.kind, *resource.name, *resource.ns));
      finding.object = resource.ref();
      continue;
    }
    read_resource(resource, model, found);
  }
  istio::merge_rules_of_one_host(model.destinations);
  if (model.mesh_kind == mesh::MeshKind::kLinkerd)
    linkerd::read_annotations(manifests.resources, model, found);
  resolve_named_ports(manifests.resources, model, found);
  check_references(model, found);
  return model;
}

}  // namespace marty::dialect
