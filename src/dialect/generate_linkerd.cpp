#include <fmt/format.h>

#include <cmath>

#include "dialect/generate_linkerd_parts.hpp"
#include "dialect/linkerd/annotations.hpp"
#include "manifest/write.hpp"

namespace marty::dialect::generated {

using manifest::Node;

int linkerd_minor(const PolicyFile& file) {
  int minor = 0;
  const auto& text = *file.target.linkerd;
  std::from_chars(text.data() + text.find('.') + 1, text.data() + text.size(), minor);
  return minor;
}

Node& annotations_of(Node& object) {
  Node& metadata = *object.find("metadata");
  Node* known = metadata.find("annotations");
  return known ? *known : metadata.add("annotations", Node::mapping());
}

std::string quoted_regex(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

bool needs_version_services(const PolicyFile& file) { return !mesh::everybody_else(file).empty(); }

std::string version_service(const PolicyFile& file, const std::string& version) {
  return fmt::format("{}-{}", *file.service.name, version);
}

std::optional<std::string> retried_status(const std::string& condition) {
  if (condition == "gateway-error" || condition == "5xx") return condition;
  // The callers' proxy says 502 of a connection that was refused or that broke before an answer.
  if (condition == "connect-failure" || condition == "reset" || condition == "reset-before-request")
    return "502";
  if (condition == "retriable-4xx") return "409";
  if (condition == "refused-stream") return "";
  const bool code = condition.size() == 3 && condition.find_first_not_of("0123456789") == condition.npos;
  return code && condition >= "100" && condition <= "599" ? std::optional(condition) : std::nullopt;
}

std::uint32_t per_second(const PolicyFile::RateLimitSpec& limit) {
  if (limit.per_second) return **limit.per_second;
  const double rate = *limit.refill / (static_cast<double>(limit.every->count()) / 1e9);
  return static_cast<std::uint32_t>(std::clamp(std::ceil(rate), 1.0, 4294967295.0));
}

std::string linkerd_policies(const Draft& draft) {
  const auto& file = draft.file;
  std::vector<Node> documents = uses_profile(file) ? linkerd_profile(file) : linkerd_http_routes(file);
  for (auto& one : linkerd_servers(file)) documents.push_back(std::move(one));
  for (auto& one : linkerd_authorization(file)) documents.push_back(std::move(one));
  if (file.rate_limit && linkerd_minor(file) >= 17) documents.push_back(linkerd_rate_limit(file));
  return draft.heading + manifest::write_documents("", documents);
}

std::string linkerd_namespace(const Draft& draft) {
  return fmt::format(
      "{}apiVersion: v1\n"
      "kind: Namespace\n"
      "metadata:\n"
      "  name: {}\n"
      "  annotations:\n"
      "    # An annotation: a label of this name does nothing. Pods created from now on get a proxy; running "
      "ones must be\n"
      "    # restarted once.\n"
      "    linkerd.io/inject: enabled\n",
      draft.heading, scalar(*draft.file.ns));
}

std::string linkerd_deployment_patch(const Draft& draft) {
  const auto& file = draft.file;
  // The plain name came with 2.20, in which it is the default; before, this one is read.
  const std::string native =
      linkerd_minor(file) >= 20
          ? ""
          : "        # The proxy as an init container that stays: it is there before the application starts "
            "and after it ends,\n"
            "        # and a Job with it can end. Needs Kubernetes 1.29; the default since Linkerd 2.20.\n"
            "        config.alpha.linkerd.io/proxy-enable-native-sidecar: \"true\"\n";
  return fmt::format(
      "{}# What the pods need because a proxy stands beside the application. The kustomization applies it to "
      "every "
      "Deployment.\n"
      "# The annotations are read when a pod is created.\n"
      "apiVersion: apps/v1\n"
      "kind: Deployment\n"
      "metadata:\n"
      "  name: every-deployment\n"
      "spec:\n"
      "  template:\n"
      "    metadata:\n"
      "      annotations:\n"
      "        # Ports without a Server of their own. The kubelet's probes are let through all the same.\n"
      "        config.linkerd.io/default-inbound-policy: {}\n"
      "{}"
      "        config.linkerd.io/proxy-cpu-request: 50m\n"
      "        config.linkerd.io/proxy-memory-request: 32Mi\n"
      "        # Memory has a limit, CPU has none: a proxy without CPU is a slow service.\n"
      "        config.linkerd.io/proxy-memory-limit: 128Mi\n",
      draft.heading, is_strict(file) ? "deny" : "audit", native);
}

std::string linkerd_version_services(const Draft& draft) {
  const auto& file = draft.file;
  if (!needs_version_services(file)) return {};
  std::string out = draft.heading +
                    "# One Service for each version: Linkerd's routes name Services where Istio's name "
                    "subsets. Callers keep to the\n"
                    "# one over all versions, and routes lead here.\n";
  bool first = true;
  for (const auto& [version, spec] : file.workload.versions) {
    if (!std::exchange(first, false)) out += "---\n";
    out += fmt::format(
        "apiVersion: v1\n"
        "kind: Service\n"
        "metadata:\n"
        "  name: {0}\n"
        "  namespace: {1}\n"
        "  labels:\n"
        "    app: {2}\n"
        "    app.kubernetes.io/managed-by: marty\n"
        "    version: {3}\n"
        "spec:\n"
        "  selector:\n"
        "    app: {2}\n"
        "    version: {3}\n"
        "  ports:\n"
        "  - name: {4}\n"
        "    port: {5}\n"
        "    targetPort: http\n",
        scalar(version_service(file, *version)), scalar(*file.ns), scalar(*file.name), scalar(*version),
        scalar(*file.service.protocol + "-api"), *file.service.port);
  }
  return out;
}

std::string linkerd_service_patch(const Draft& draft) {
  const auto& file = draft.file;
  if (uses_profile(file) || (!file.outliers && !file.routing.timeout)) return {};
  std::string out = fmt::format(
      "{}# How callers' proxies treat the Service, whichever of its routes a request takes. A wrong value "
      "here would be\n"
      "# passed over by Linkerd with a line in a log, and switch the whole group off.\n"
      "apiVersion: v1\n"
      "kind: Service\n"
      "metadata:\n"
      "  name: {}\n"
      "  namespace: {}\n"
      "  annotations:\n",
      draft.heading, scalar(*file.service.name), scalar(*file.ns));
  if (file.outliers) {
    const auto& outliers = *file.outliers;
    const auto failures = outliers.consecutive_5xx              ? **outliers.consecutive_5xx
                          : outliers.consecutive_gateway_errors ? **outliers.consecutive_gateway_errors
                                                                : 5;
    const Duration least = outliers.base_ejection ? **outliers.base_ejection : Duration{30s};
    out += fmt::format(
        "    # Circuit breaking: a pod that fails so often in a row gets no requests for a while, longer "
        "each time, and is\n"
        "    # then tried with one request. Counted by each caller's proxy. All pods of a version may be "
        "shut off at once.\n"
        "    balancer.linkerd.io/failure-accrual: consecutive\n"
        "    balancer.linkerd.io/failure-accrual-consecutive-max-failures: \"{}\"\n"
        "    balancer.linkerd.io/failure-accrual-consecutive-min-penalty: {}\n"
        "    balancer.linkerd.io/failure-accrual-consecutive-max-penalty: {}\n",
        failures, linkerd::print_annotation_duration(least),
        linkerd::print_annotation_duration(std::max(least, Duration{300s})));
  }
  if (file.routing.timeout) {
    out += fmt::format(
        "    # For the whole request, all tries and waits included; then 504.\n"
        "    timeout.linkerd.io/request: {}\n",
        linkerd::print_annotation_duration(**file.routing.timeout));
  }
  return out;
}

}  // namespace marty::dialect::generated
