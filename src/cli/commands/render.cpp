#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "cli/command.hpp"
#include "dialect/manifests.hpp"
#include "local/disk_tree.hpp"
#include "manifest/write.hpp"

namespace marty::cli {

namespace {

using manifest::Node;

constexpr Flag kPath{Flag::Kind::kPositional, "PATH", "", "a kustomization, another directory, or a file"};
constexpr Flag kOrigins{Flag::Kind::kToggle, "--origins", "", "say behind every value where it was written"};
constexpr const Flag* kFlags[] = {&kPath, &kOrigins};

/// Keys in alphabetical order, as kustomize prints them, so that two outputs can be compared.
void sort_keys(Node& node) {
  for (Node& child : node.children) sort_keys(child);
  if (!node.is_mapping()) return;
  std::vector<std::size_t> order(node.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return node.children[2 * a].text < node.children[2 * b].text;
  });
  std::vector<Node> sorted;
  for (const auto i : order) {
    sorted.push_back(std::move(node.children[2 * i]));
    sorted.push_back(std::move(node.children[2 * i + 1]));
  }
  node.children = std::move(sorted);
}

/// A mapping's keys come from the same places as its values, so only what ends a line is marked.
void add_origins(Node& node, const SourceMap& sources) {
  if (node.children.empty() && node.origin.known()) node.line_comment(sources.describe(node.origin));
  for (std::size_t i = 0; i < node.size(); ++i)
    add_origins(node.children[node.is_mapping() ? 2 * i + 1 : i], sources);
}

int render(const Arguments& arguments, World& world) {
  SourceMap sources;
  Diagnostics found;
  local::DiskTree disk;
  const std::string path = arguments.text(kPath);
  auto manifests = dialect::read_manifests(disk, {&path, 1}, sources, found);
  for (const auto& finding : found.all()) world.err(marty::render(finding, sources));
  if (found.has_errors() || !manifests.complete) return exit_code::kInput;

  std::vector<Node> documents;
  for (auto& resource : manifests.resources) {
    Node& root = documents.emplace_back(std::move(resource.root));
    sort_keys(root);
    if (arguments.given(kOrigins)) add_origins(root, sources);
  }
  world.out(manifest::write_documents("", documents));
  return exit_code::kClean;
}

}  // namespace

namespace commands {
constexpr Command render{
    "render",
    Group::kManifests,
    "print the objects a kustomization makes, as kustomize build does",
    "marty service-mesh render plugins/petstore_domain/k8s/overlays/service-mesh-istio\n"
    "marty service-mesh render ./overlay --origins # behind every value the file and line it comes from\n"
    "marty service-mesh render ./overlay | kubectl apply -f -\n",
    kFlags,
    cli::render};
}  // namespace commands

}  // namespace marty::cli
