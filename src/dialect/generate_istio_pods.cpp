#include <fmt/format.h>

#include <algorithm>

#include "dialect/generate_parts.hpp"
#include "manifest/duration.hpp"
#include "monitoring/monitoring.hpp"

namespace marty::dialect::generated {

using mesh::PolicyFile;

std::string istio_namespace(const Draft& draft) {
  return fmt::format(
      "{}apiVersion: v1\n"
      "kind: Namespace\n"
      "metadata:\n"
      "  name: {}\n"
      "  labels:\n"
      "    # Istio puts a sidecar into every pod that is created here from now on; running pods must be "
      "restarted once.\n"
      "    istio-injection: enabled\n",
      draft.heading, scalar(*draft.file.ns));
}

namespace {

/// How long the sidecar goes on for requests in flight when its pod ends: the longest a caller waits, and
/// some.
Duration drain_of(const PolicyFile& file) {
  const Duration longest = file.routing.timeout ? **file.routing.timeout : 30s;
  return std::chrono::ceil<std::chrono::seconds>(longest) + 5s;
}

}  // namespace

std::string istio_deployment_patch(const Draft& draft) {
  const Duration drain = drain_of(draft.file);
  const auto grace = std::chrono::duration_cast<std::chrono::seconds>(std::max<Duration>(drain + 5s, 30s));
  return fmt::format(
      "{}# What the pods need because a sidecar stands beside the application. The kustomization applies it "
      "to every Deployment.\n"
      "apiVersion: apps/v1\n"
      "kind: Deployment\n"
      "metadata:\n"
      "  name: every-deployment\n"
      "spec:\n"
      "  template:\n"
      "    metadata:\n"
      "      annotations:\n"
      "        # The kubelet asks the sidecar's agent, which asks the application: probes pass under strict "
      "mTLS, and no rule\n"
      "        # or limit counts them. This is Istio's default; said here so that no mesh-wide setting "
      "undoes it.\n"
      "        sidecar.istio.io/rewriteAppHTTPProbers: \"true\"\n"
      "        # holdApplicationUntilProxyStarts: no request of the application is lost while its sidecar is "
      "not there yet.\n"
      "        # Where Istio runs sidecars as native ones (init containers that go on), Kubernetes sees to "
      "it already.\n"
      "        # terminationDrainDuration: an ending pod finishes what callers still wait for ({}).\n"
      "        # proxyStatsMatcher: Istio hides these numbers by default, and alerts on ejections and limits "
      "read them.\n"
      "        proxy.istio.io/config: |\n"
      "          holdApplicationUntilProxyStarts: true\n"
      "          terminationDrainDuration: {}\n"
      "{}"
      "    spec:\n"
      "      # Longer than the drain, or the pod is killed before it is done.\n"
      "      terminationGracePeriodSeconds: {}\n",
      draft.heading,
      draft.file.routing.timeout
          ? "routing.timeout is " + manifest::print_duration(**draft.file.routing.timeout)
          : std::string("routing.timeout is not set: 30s are assumed"),
      manifest::print_duration(drain), monitoring::proxy_stats_matcher("          "), grace.count());
}

}  // namespace marty::dialect::generated
