#include <fmt/format.h>

#include "dialect/generate_parts.hpp"
#include "manifest/write.hpp"

/// Plain Kubernetes objects as texts: they are written for people, and reading them back is checked by a law
/// test.
namespace marty::dialect::generated {

using mesh::PolicyFile;

std::string scalar(const std::string& text) {
  std::string line = manifest::write_yaml(manifest::Node::string(text));
  line.pop_back();
  return line;
}

manifest::Node object(const PolicyFile& file, std::string_view api_version, std::string_view kind,
                      const std::string& name, manifest::Node spec) {
  using manifest::Node;
  Node root = Node::mapping();
  root.add("apiVersion", Node::string(std::string(api_version)));
  root.add("kind", Node::string(std::string(kind)));
  Node& metadata = root.add("metadata", Node::mapping());
  metadata.add("name", Node::string(name));
  metadata.add("namespace", Node::string(*file.ns));
  Node& labels = metadata.add("labels", Node::mapping());
  labels.add("app", Node::string(*file.name));
  labels.add("app.kubernetes.io/managed-by", Node::string("marty"));
  root.add("spec", std::move(spec));
  return root;
}

void comment_at(manifest::Node& root, std::initializer_list<std::string_view> path, std::string text) {
  if (manifest::Node* node = root.at(path)) node->comment(std::move(text));
}

std::string serviceaccounts(const Draft& draft) {
  const auto& [file, model, mesh, heading, source] = draft;
  std::string out(heading);
  out +=
      "# A service account is an identity of the mesh: its certificate says "
      "spiffe://cluster.local/ns/<ns>/sa/<name>,\n"
      "# and the authorization policies name it. Callers in other namespaces bring their own.\n";
  bool first = true;
  for (const auto& account : model.service_accounts) {
    if (!first) out += "---\n";
    first = false;
    const auto slash = account->find('/');
    out += fmt::format(
        "apiVersion: v1\n"
        "kind: ServiceAccount\n"
        "metadata:\n"
        "  name: {}\n"
        "  namespace: {}\n"
        "  labels:\n"
        "    app: {}\n"
        "    app.kubernetes.io/managed-by: marty\n",
        scalar(account->substr(slash + 1)), scalar(account->substr(0, slash)), scalar(*file.name));
  }
  return out;
}

namespace {

std::string probe(std::string_view kind, const std::string& path, std::string_view why) {
  if (path.empty()) return {};
  return fmt::format(
      "        # {}\n"
      "        {}:\n"
      "          httpGet:\n"
      "            path: {}\n"
      "            port: http\n"
      "          periodSeconds: 5\n",
      why, kind, scalar(path));
}

std::string pod_labels(const mesh::Workload& workload, std::string_view indent) {
  std::string out;
  for (const auto& [key, value] : workload.labels)
    out += fmt::format("{}{}: {}\n", indent, scalar(key), scalar(value));
  return out;
}

std::string deployment(const PolicyFile& file, const mesh::Workload& workload) {
  std::string out = fmt::format(
      "apiVersion: apps/v1\n"
      "kind: Deployment\n"
      "metadata:\n"
      "  name: {0}\n"
      "  namespace: {1}\n"
      "  labels:\n"
      "    app: {2}\n"
      "    app.kubernetes.io/managed-by: marty\n"
      "    version: {3}\n"
      "spec:\n"
      "  replicas: {4}\n"
      "  selector:\n"
      "    matchLabels:\n"
      "      app: {2}\n"
      "      version: {3}\n"
      "  template:\n"
      "    metadata:\n"
      "      labels:\n",
      scalar(workload.name), scalar(workload.ns), scalar(*file.name), scalar(workload.label("version")),
      workload.replicas);
  out += pod_labels(workload, "        ");
  out += fmt::format(
      "    spec:\n"
      "      serviceAccountName: {}\n"
      "      securityContext:\n"
      "        runAsNonRoot: true\n"
      "        seccompProfile:\n"
      "          type: RuntimeDefault\n"
      "      containers:\n"
      "      - name: {}\n"
      "        image: {}\n"
      "        args:\n"
      "        - --version-label\n"
      "        - {}\n"
      "        ports:\n"
      "        - name: http\n"
      "          containerPort: {}\n",
      scalar(workload.service_account), scalar(*file.name), scalar(*file.workload.image),
      scalar(workload.label("version")), *file.service.port);
  if (*file.workload.metrics_port != 0) {
    out += fmt::format("        - name: http-metrics\n          containerPort: {}\n",
                       *file.workload.metrics_port);
  }
  out += probe("readinessProbe", *file.workload.readiness,
               "Not ready: out of the Service's endpoints, but not restarted.");
  out += probe("livenessProbe", *file.workload.liveness,
               "Not alive: restarted. It must not ask the store, or one slow disk restarts them all.");
  out +=
      "        resources:\n"
      "          requests:\n"
      "            cpu: 100m\n"
      "            memory: 64Mi\n"
      "          limits:\n"
      "            memory: 256Mi\n"
      "        securityContext:\n"
      "          allowPrivilegeEscalation: false\n"
      "          capabilities:\n"
      "            drop:\n"
      "            - ALL\n";
  return out;
}

}  // namespace

std::string deployments(const Draft& draft) {
  const auto& [file, model, mesh, heading, source] = draft;
  std::string out(heading);
  out +=
      "# One Deployment for each version. The label 'app' is what the Service selects, 'version' what a "
      "subset selects.\n";
  for (std::size_t i = 0; i < model.workloads.size(); ++i) {
    if (i > 0) out += "---\n";
    out += deployment(file, model.workloads[i]);
  }
  return out;
}

std::string services(const Draft& draft) {
  const auto& [file, model, mesh, heading, source] = draft;
  std::string out(heading);
  out +=
      "# One Service over all versions: which version a request reaches is decided by the mesh, not by "
      "DNS.\n";
  for (const auto& service : model.services) {
    out += fmt::format(
        "apiVersion: v1\n"
        "kind: Service\n"
        "metadata:\n"
        "  name: {0}\n"
        "  namespace: {1}\n"
        "  labels:\n"
        "    app: {2}\n"
        "    app.kubernetes.io/managed-by: marty\n"
        "spec:\n"
        "  selector:\n"
        "    app: {2}\n"
        "  ports:\n"
        "  # The part of a name before the '-' is the protocol: without it a mesh may take the traffic for "
        "opaque TCP.\n",
        scalar(service.name), scalar(service.ns), scalar(*file.name));
    for (const auto& port : service.ports) {
      const bool metrics = port.port == *file.workload.metrics_port;
      out += fmt::format("  - name: {}\n    port: {}\n    targetPort: {}\n", scalar(port.name), port.port,
                         metrics ? "http-metrics" : "http");
    }
  }
  return out;
}

}  // namespace marty::dialect::generated
