#include "dialect/policy_cases.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "dialect/marty/mesh_yaml.hpp"

/// Definitions for tests only, in a file that only tests are built from.
namespace marty::dialect::cases {

std::string text_of(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::optional<mesh::PolicyFile> policies(const std::string& text) {
  Diagnostics found;
  return read_policy_file(text, 0, found);
}

manifest::MemoryTree written(const std::vector<GeneratedFile>& files) {
  manifest::MemoryTree tree;
  for (const auto& file : files) {
    if (file.link_to.empty()) tree.files["out/" + file.path] = file.text;
  }
  return tree;
}

std::vector<std::string> all() {
  const std::string start = kStart;
  const std::string two =
      start + "  workload: {image: \"shop:1\", versions: {v1: {replicas: 2}, v2: {replicas: 2}}}\n";
  return {
      text_of("plugins/petstore_domain/mesh.yaml"),
      start + "  workload: {image: \"shop:1\", versions: {v1: {replicas: 1}}}\n",
      two + "  routing: {split: {v1: 50, v2: 50}, timeout: 1500ms}\n  security: {mtls: permissive}\n",
      two +
          "  security: {mtls: permissive, allow: [{name: a, from: [{namespace: n, serviceAccount: s}]}, "
          "{name: b}]}\n",
      two + "  security: {mtls: permissive, allow: [{name: b}]}\n",
      "apiVersion: marty.dev/v1\nkind: ServiceMesh\nmetadata: {name: shop, namespace: market}\nspec:\n"
      "  service: {name: shop-service, port: 8080, dependsOn: [orders.desk, a.market, "
      "b.c.svc.cluster.local]}\n"
      "  workload: {image: \"shop:1\", versions: {v1: {replicas: 1}}}\n",
      two + "  routing: {canary: {header: {x-try: \"yes\"}, version: v2}}\n",
      two +
          "  routing:\n    split: {v1: 100, v2: 0}\n    canary: {header: {x-try: \"yes\"}, version: v2}\n"
          "    experiments:\n"
          "    - {name: blue, header: {x-group: b}, version: v2}\n"
          "    - {name: green, cookie: {group: g_1}, version: v1}\n"
          "    - {name: mobile, header: {User-Agent: Mob}, match: prefix, version: v2}\n"
          "    - {name: phones, header: {user-agent: \".*(Android|iPhone).*\"}, match: regex, version: v2}\n",
      two + "  routing: {retries: {attempts: 0}}\n  connections: {max: 0, pending: 1, requests: 2}\n",
      two +
          "  routing: {retries: {attempts: 1, on: [5xx, \"503\", reset]}, canary: {header: {X-Try: \"yes\"}, "
          "version: v2}}\n"
          "  outliers: {consecutive5xx: 0}\n  target: {istio: \"1.20\"}\n",
      two +
          "  rateLimit: {scope: instance, burst: 1, refill: 1, every: 1500ms}\n"
          "  security: {allow: [{name: all, to: [{paths: [\"*\", \"*/x\", /y]}]}, {name: none}]}\n",
      two +
          "  environment: test\n  chaos:\n  - {header: {a: b}, delay: {percent: 0.5, fixed: 1ms}, abort: "
          "{percent: 33.3333, "
          "status: 500}}\n"
          "  - {header: {c: \"true\"}, abort: {percent: 100, status: 404}}\n",
  };
}

}  // namespace marty::dialect::cases
