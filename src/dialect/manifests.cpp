#include "dialect/manifests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "dialect/kinds.hpp"
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
  Reading(manifest::FileTree& tree, SourceMap& sources, Diagnostics& found, Manifests& out)
      : tree_(tree), sources_(sources), found_(found), out_(out) {}

  void path(const std::string& path) {
    auto names = tree_.list(path);
    if (!names) {
      // A kustomization named directly means its directory, as with kubectl.
      const auto name = path.substr(path.rfind('/') + 1);
      return keep(kustomize::file_in({name}).empty() ? file(path)
                                                     : kustomization(manifest::directory_of(path)));
    }
    if (!kustomize::file_in(*names).empty()) return keep(kustomization(path));
    bool any = false;
    for (const auto& name : *names) {
      if (!is_manifest_file(name)) continue;
      any = true;
      keep(file(path + "/" + name));
    }
    if (any) return;
    out_.complete = false;
    found_.error("nothing-to-read", {},
                 fmt::format("{} has no YAML or JSON files and no kustomization.yaml", path));
  }

  void text(const std::string& name, std::string text) { keep(parse(name, std::move(text))); }

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

  std::vector<Resource> file(const std::string& path) {
    auto text = tree_.read(path);
    if (!text) {
      out_.complete = false;
      auto& finding = found_.error("unreadable-file", {}, fmt::format("{}: {}", path, text.error().text));
      if (!text.error().next.empty()) finding.notes.push_back({{}, text.error().next});
      return {};
    }
    return parse(path, std::move(*text));
  }

  std::vector<Resource> parse(const std::string& name, std::string text) {
    const auto number = sources_.add(name, std::move(text));
    out_.files.push_back(name);
    const auto before = found_.all().size();
    auto read = manifest::read_resources(sources_.text(number), number, found_);
    out_.skipped += read.skipped;
    for (auto i = before; i < found_.all().size(); ++i) {
      if (found_.all()[i].rule.starts_with("yaml-")) out_.complete = false;
    }
    return std::move(read.all);
  }

  manifest::FileTree& tree_;
  SourceMap& sources_;
  Diagnostics& found_;
  Manifests& out_;
};

void finish(Manifests& manifests, const std::string& default_ns) {
  for (auto& resource : manifests.resources) {
    if (resource.ns->empty() && *resource.kind != "Namespace") resource.ns.value = default_ns;
  }
}

}  // namespace

Manifests read_manifests(manifest::FileTree& tree, std::span<const std::string> paths, SourceMap& sources,
                         Diagnostics& found, const std::string& default_ns) {
  Manifests out;
  Reading reading(tree, sources, found, out);
  for (const auto& path : paths) reading.path(path);
  finish(out, default_ns);
  return out;
}

Manifests read_manifest_text(std::string name, std::string text, SourceMap& sources, Diagnostics& found,
                             const std::string& default_ns) {
  struct Nothing final : manifest::FileTree {
    Result<std::string> read(const std::string&) override { return Error{ErrorCode::kInput, "no file", ""}; }
    Result<std::vector<std::string>> list(const std::string&) override {
      return Error{ErrorCode::kInput, "no directory", ""};
    }
  } nothing;
  Manifests out;
  Reading(nothing, sources, found, out).text(name, std::move(text));
  finish(out, default_ns);
  return out;
}

mesh::Model to_model(const Manifests& manifests, Diagnostics& found) {
  mesh::Model model;
  std::set<std::tuple<std::string, std::string, std::string, std::string>> seen;
  for (const auto& resource : manifests.resources) {
    const auto [place, fresh] = seen.emplace(resource.group(), *resource.kind, *resource.ns, *resource.name);
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
  resolve_named_ports(manifests.resources, model, found);
  check_references(model, found);
  return model;
}

}  // namespace marty::dialect
