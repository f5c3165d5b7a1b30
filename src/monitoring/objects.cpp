#include "monitoring/objects.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "monitoring/alert_texts.hpp"
#include "monitoring/dashboard.hpp"
#include "monitoring/monitoring.hpp"
#include "monitoring/rules.hpp"

namespace marty::monitoring {

using manifest::Node;
using mesh::MeshKind;
using mesh::PolicyFile;

namespace {

Node list(std::initializer_list<std::string_view> texts) {
  Node node = Node::sequence();
  for (const auto text : texts) node.add(Node::string(std::string(text)));
  return node;
}

Node one(std::string_view key, Node value) {
  Node node = Node::mapping();
  node.add(key, std::move(value));
  return node;
}

Node app_label(const PolicyFile& file) { return one("matchLabels", one("app", Node::string(*file.name))); }

/// The namespaces whose sidecars know about the service: its own, and its callers'.
Node watched_namespaces(const PolicyFile& file, MeshKind mesh) {
  Node node = Node::sequence();
  node.add(Node::string(*file.ns));
  for (auto& name : caller_namespaces(file, mesh))
    if (name != *file.ns) node.add(Node::string(std::move(name)));
  return one("matchNames", std::move(node));
}

Node endpoint(std::string_view port, std::string_view path) {
  Node node = Node::mapping();
  node.add("port", Node::string(std::string(port)));
  node.add("path", Node::string(std::string(path)));
  node.add("interval", Node::string(prom_duration(kScrapeInterval)));
  return node;
}

/// Linkerd's series name neither their own workload nor its kind: the injector's labels do.
Node workload_relabeling() {
  Node rule = Node::mapping();
  Node& from = rule.add("sourceLabels", Node::sequence());
  for (const std::string_view kind : {"deployment", "statefulset", "daemonset", "cronjob", "job"})
    from.add(Node::string(fmt::format("__meta_kubernetes_pod_label_linkerd_io_proxy_{}", kind)));
  rule.add("regex", Node::string(";*([^;]+).*"));
  rule.add("targetLabel", Node::string("workload"));
  rule.comment("Who calls: the workload that the injector labelled the pod with, whatever its kind.");
  return rule;
}

Node tracing(const PolicyFile& file) {
  Node node = Node::mapping();
  node.add("providers", Node::sequence()).add(one("name", Node::string("marty-otlp")));
  node.add("randomSamplingPercentage", Node::plain(fmt::format("{}", *file.observability.tracing_sampling)));
  const auto& to = file.observability.collector;
  node.comment(
      fmt::format("The provider is declared once for the whole mesh, in the values of istiod (here: Jaeger, "
                  "which takes OTLP):\n"
                  "  meshConfig:\n"
                  "    extensionProviders:\n"
                  "    - name: marty-otlp\n"
                  "      opentelemetry: {{service: {}.{}.svc.cluster.local, port: {}}}\n"
                  "Whether a request is traced is decided by the first sidecar it meets; an application must "
                  "pass the headers\n"
                  "traceparent and tracestate on, or its calls begin traces of their own.",
                  *to.service, *to.ns, *to.port));
  return node;
}

}  // namespace

Node object(const PolicyFile& file, std::string_view api_version, std::string_view kind,
            const std::string& name) {
  Node root = Node::mapping();
  root.add("apiVersion", Node::string(std::string(api_version)));
  root.add("kind", Node::string(std::string(kind)));
  Node& metadata = root.add("metadata", Node::mapping());
  metadata.add("name", Node::string(name));
  metadata.add("namespace", Node::string(*file.ns));
  Node& labels = metadata.add("labels", Node::mapping());
  labels.add("app", Node::string(*file.name));
  labels.add("app.kubernetes.io/managed-by", Node::string("marty"));
  return root;
}

Node service_monitor(const PolicyFile& file) {
  Node root = object(file, "monitoring.coreos.com/v1", "ServiceMonitor", *file.name);
  root.comment(
      "The application's own metrics, through the Service's port of that name. A Prometheus takes only "
      "monitors "
      "that its\nserviceMonitorSelector matches; that of kube-prometheus-stack wants the label 'release' "
      "unless "
      "told otherwise.");
  Node& spec = root.add("spec", Node::mapping());
  spec.add("selector", app_label(file));
  spec.add("endpoints", Node::sequence()).add(endpoint("http-metrics", "/metrics"));
  return root;
}

Node pod_monitor(const PolicyFile& file, MeshKind mesh) {
  const bool istio = mesh == MeshKind::kIstio;
  Node root = object(file, "monitoring.coreos.com/v1", "PodMonitor", *file.name + "-sidecars");
  root.comment(
      "The sidecars of the service and of its callers: retries, limits and ejections are counted where the "
      "call "
      "begins.\nSidecars are behind no Service, so this is no ServiceMonitor.");
  Node& spec = root.add("spec", Node::mapping());
  spec.add("namespaceSelector", watched_namespaces(file, mesh));
  if (istio) {
    spec.add("selector", Node::mapping()).comment("The port's name is the sidecar's own, and a gateway's.");
  } else {
    Node any = Node::mapping();
    any.add("key", Node::string("linkerd.io/control-plane-ns"));
    any.add("operator", Node::string("Exists"));
    spec.add("selector", Node::mapping()).add("matchExpressions", Node::sequence()).add(std::move(any));
  }
  spec.add("podTargetLabels", list({"app", "version"}));
  auto port =
      istio ? endpoint("http-envoy-prom", "/stats/prometheus") : endpoint("linkerd-admin", "/metrics");
  if (!istio) port.add("relabelings", Node::sequence()).add(workload_relabeling());
  spec.add("podMetricsEndpoints", Node::sequence()).add(std::move(port));
  return root;
}

Node telemetry_object(const PolicyFile& file) {
  Node root =
      object(file, file.target.istio_has_v1() ? "telemetry.istio.io/v1" : "telemetry.istio.io/v1alpha1",
             "Telemetry", *file.name);
  root.comment("What the service's own sidecars report. Callers' are governed by their own namespaces.");
  Node& spec = root.add("spec", Node::mapping());
  spec.add("selector", app_label(file));
  Node& metrics = spec.add("metrics", Node::sequence());
  metrics.add(one("providers", Node::sequence())).children[1].add(one("name", Node::string("prometheus")));
  spec.add("tracing", Node::sequence()).add(tracing(file));
  Node& log = spec.add("accessLogging", Node::sequence()).add(Node::mapping());
  log.add("providers", Node::sequence()).add(one("name", Node::string("envoy")));
  log.add("filter", one("expression", Node::string("response.code >= 400 || response.code == 0")));
  log.comment("What went wrong, on the sidecar's stdout; 0 is a call that got no answer.");
  return root;
}

Node dashboard_config_map(const PolicyFile& file, MeshKind mesh) {
  Node root = object(file, "v1", "ConfigMap", fmt::format("{}-dashboard", *file.name));
  root.comment(
      "Grafana's sidecar loads every ConfigMap with this label; the file is service-mesh/dashboards/" +
      fmt::format("{}.json.", to_string(mesh)));
  Node* labels = root.at({"metadata", "labels"});
  labels->add("grafana_dashboard", Node::string("1"));
  root.add("data", Node::mapping())
      .add(fmt::format("{}.json", dashboard_uid(file, mesh)), Node::string(dashboard(file, mesh)));
  return root;
}

}  // namespace marty::monitoring
