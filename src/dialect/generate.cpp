#include "dialect/generate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "dialect/generate_linkerd_parts.hpp"

namespace marty::dialect {

using mesh::MeshKind;
using mesh::PolicyFile;

namespace generated {
namespace {

constexpr Part kBase[] = {
    {"serviceaccounts.yaml", serviceaccounts},
    {"deployments.yaml", deployments},
    {"services.yaml", services},
};
constexpr Part kNeutral[] = {{"monitoring.yaml", app_monitoring}};
constexpr Part kIstio[] = {
    {"namespace.yaml", istio_namespace},
    {"istio-policies.yaml", istio_policies, Role::kLinkedResource},
    {"network-policy.yaml", istio_network_policy},
    {"monitoring.yaml", mesh_monitoring},
    {"deployment-patch.yaml", istio_deployment_patch, Role::kDeploymentsPatch},
};
constexpr Part kLinkerd[] = {
    {"namespace.yaml", linkerd_namespace},
    {"version-services.yaml", linkerd_version_services},
    {"linkerd-policies.yaml", linkerd_policies, Role::kLinkedResource},
    {"network-policy.yaml", linkerd_network_policy},
    {"monitoring.yaml", mesh_monitoring},
    {"deployment-patch.yaml", linkerd_deployment_patch, Role::kDeploymentsPatch},
    {"service-patch.yaml", linkerd_service_patch, Role::kPatch},
};

std::span<const Part> overlay_parts(MeshKind mesh) {
  return mesh == MeshKind::kIstio ? std::span<const Part>(kIstio) : kLinkerd;
}

bool is_patch(Role role) { return role == Role::kPatch || role == Role::kDeploymentsPatch; }

std::string kustomization(std::string_view heading, std::string_view why) {
  return fmt::format("{}# {}\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n",
                     heading, why);
}

class Tree {
 public:
  explicit Tree(Layout layout) : in_service_(layout == Layout::kServiceTree) {}

  void base(const Draft& draft) {
    if (in_service_) {
      files.push_back(
          {"kustomization.yaml",
           kustomization(draft.heading, "The service without a mesh; the overlays build on the same base.") +
               "- base\n",
           ""});
    }
    folder(draft, "base/", kustomization(draft.heading, "What runs, whichever mesh is around it."), kBase);
  }

  /// What is beside every mesh: watched by Prometheus, whichever it is.
  void neutral(const Draft& draft) {
    const auto before = files.size();
    folder(draft, "service-mesh/", kustomization(draft.heading, "What any mesh's overlay includes."),
           kNeutral);
    has_neutral_ = files.size() > before + 1;
    if (!has_neutral_) files.resize(before);
  }

  void overlay(const Draft& draft) {
    const std::string name = fmt::format("overlays/service-mesh-{}/", to_string(draft.mesh));
    std::string text =
        kustomization(draft.heading, fmt::format("The service on {}: kubectl apply -k on this directory.",
                                                 draft.mesh == MeshKind::kIstio ? "Istio" : "Linkerd"));
    text += in_service_ ? "- ../../base\n" : "- base\n";
    if (has_neutral_) text += in_service_ ? "- ../../service-mesh\n" : "- service-mesh\n";
    folder(draft, in_service_ ? name : "", std::move(text), overlay_parts(draft.mesh));
    for (auto& file : monitoring_files(draft)) files.push_back(std::move(file));
  }

  void guide(const Draft& draft) {
    if (!in_service_) return;
    files.push_back({"service-mesh/README.md", guide_readme(draft), ""});
    files.push_back({"service-mesh/demo.sh", guide_demo(draft), "", true});
  }

  std::vector<GeneratedFile> files;

 private:
  /// The kustomization that begins with `text`, and the files it names.
  void folder(const Draft& draft, const std::string& path, std::string text, std::span<const Part> parts) {
    const auto kustomization = files.size();
    files.emplace_back();
    std::string patches;
    for (const Part& part : parts) {
      std::string content = part.text(draft);
      if (content.empty()) continue;
      (is_patch(part.role) ? patches : text) += listed(part);
      files.push_back({fmt::format("{}{}", path, part.name), std::move(content), ""});
      // Kustomize reads nothing outside of an overlay's directory, so the file lives there and its old path
      // leads to it.
      if (part.role == Role::kLinkedResource && in_service_)
        files.push_back(
            {fmt::format("service-mesh/{}", part.name), "", fmt::format("../{}{}", path, part.name)});
    }
    if (!patches.empty()) text += "patches:\n" + patches;
    files[kustomization] = {path + "kustomization.yaml", std::move(text), ""};
  }

  static std::string listed(const Part& part) {
    if (!is_patch(part.role)) return fmt::format("- {}\n", part.name);
    return fmt::format("- path: {}\n{}", part.name,
                       part.role == Role::kDeploymentsPatch ? "  target:\n    kind: Deployment\n" : "");
  }

  bool in_service_, has_neutral_ = false;
};

}  // namespace
}  // namespace generated

std::vector<GeneratedFile> generate(const PolicyFile& file, const GenerateRequest& request) {
  const mesh::Model model = mesh::lower(file);
  // The base says no mesh, as it is the same for all of them.
  const auto heading = [&](std::string_view options) {
    return fmt::format(
        "# Generated by marty from {}; edit that file, then run: marty service-mesh generate-overlay "
        "--service {}{}\n",
        request.recipe.policy_file, *file.name, options);
  };
  const generated::Draft shared{file, model, request.mesh, heading(""), request.recipe.policy_file};
  const generated::Draft own{
      file, model, request.mesh,
      heading(fmt::format(" --mesh {}{}", to_string(request.mesh), request.recipe.flags)),
      request.recipe.policy_file};
  generated::Tree tree(request.layout);
  tree.base(shared);
  tree.neutral(shared);
  tree.overlay(own);
  tree.guide(shared);
  return std::move(tree.files);
}

std::vector<Capability> capabilities(const PolicyFile& file, MeshKind mesh) {
  auto all =
      mesh == MeshKind::kIstio ? generated::istio_capabilities(file) : generated::linkerd_capabilities(file);
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.origin.line < b.origin.line; });
  return all;
}

void report_capabilities(const PolicyFile& file, MeshKind mesh, Diagnostics& found) {
  for (auto& one : capabilities(file, mesh)) {
    auto& finding = found.add({"not-expressed", Severity::kInfo, {one.origin, 0}, {}, {}, {}, {}, {}});
    finding.message = fmt::format("{}: {}", one.asked, one.becomes.empty() ? "left out" : one.becomes);
    finding.notes.push_back({{}, std::move(one.why)});
  }
}

void report_chaos(const PolicyFile& file, MeshKind mesh, Diagnostics& found) {
  const auto carried_out = [&](const PolicyFile::ChaosRule& rule) {
    return mesh == MeshKind::kIstio || (rule.abort && !generated::uses_profile(file));
  };
  const auto rules = std::count_if(file.chaos.begin(), file.chaos.end(), carried_out);
  if (rules == 0) return;
  const SourceRange where{std::find_if(file.chaos.begin(), file.chaos.end(), carried_out)->origin, 0};
  if (file.active_chaos().empty()) {
    found.add({"chaos-left-out",
               Severity::kInfo,
               where,
               fmt::format("{} chaos rule(s) left out: environment is '{}'", rules, *file.environment),
               {{{}, "for a test cluster: generate-overlay --environment test"}},
               {},
               {},
               {}});
  } else {
    found
        .warning("chaos-included", where,
                 fmt::format("this overlay injects faults ({} chaos rule(s)): for test clusters only", rules))
        .notes.push_back({{}, "without them: generate-overlay --environment production"});
  }
}

}  // namespace marty::dialect
