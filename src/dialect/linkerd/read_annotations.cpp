#include <algorithm>

#include "dialect/linkerd/read.hpp"
#include "dialect/linkerd/read_callers.hpp"

namespace marty::dialect::linkerd {

using manifest::Node;
using manifest::Resource;

namespace {

constexpr std::string_view kInject = "linkerd.io/inject";

/// What `linkerd.io/inject` says; a word that Linkerd does not know injects nothing.
std::optional<bool> injected(const Node* metadata) {
  const Node* annotations = metadata ? metadata->find("annotations") : nullptr;
  const Node* word = annotations ? annotations->find(kInject) : nullptr;
  if (!word || !word->is_scalar() || word->text.empty()) return {};
  return word->text == "enabled" || word->text == "ingress";
}

const Node* pod_metadata(const Resource& resource) {
  const Node* spec = resource.root.find("spec");
  const Node* pods = spec ? spec->find("template") : nullptr;
  return pods ? pods->find("metadata") : nullptr;
}

bool is_workload(const Resource& resource) { return resource.group() == "apps"; }

}  // namespace

mesh::CallerPolicy read_callers(const Resource& resource, Diagnostics& found) {
  report_not_enforced(resource.root.find("metadata"), resource.ref(), found);
  mesh::CallerPolicy callers;
  if (*resource.kind == "Service") {
    if (const auto wire = decode_failure_accrual(resource, found)) {
      using Mode = policy::FailureAccrual::Mode;
      auto& accrual = callers.accrual.emplace();
      const bool unified = *wire->mode == FailureAccrual::Mode::kUnified;
      accrual.mode = {unified ? Mode::kUnified : Mode::kConsecutive, wire->mode.origin};
      accrual.max_failures = wire->max_failures;
      accrual.min_penalty = wire->min_penalty;
      accrual.max_penalty = wire->max_penalty;
      accrual.jitter_ratio = wire->jitter_ratio;
      accrual.success_rate = wire->success_rate_threshold;
      accrual.window = wire->success_rate_window;
      accrual.min_requests = wire->success_rate_min_requests;
      accrual.origin = wire->origin;
    }
  }
  if (const auto wire = decode_retries(resource, found)) {
    auto& retries = callers.retries.emplace();
    retries.limit = {*wire->limit, wire->limit.origin};
    retries.on.origin = wire->http.origin;
    for (const auto& range : *wire->http) retries.on.value.push_back({range.first, range.last});
    retries.header_timeout = wire->timeout;
    retries.origin = wire->origin;
  }
  const auto timeouts = decode_timeouts(resource, found);
  callers.timeouts = {timeouts.request, timeouts.response, timeouts.idle};
  return callers;
}

Sourced<mesh::DefaultInbound> to_model(const Sourced<DefaultPolicy>& wire) {
  using enum mesh::DefaultInbound;
  const auto meaning = [&] {
    switch (*wire) {
      case DefaultPolicy::kDeny:
        return kDeny;
      case DefaultPolicy::kAudit:
        return kAudit;
      case DefaultPolicy::kAllAuthenticated:
        return kAllAuthenticated;
      case DefaultPolicy::kClusterUnauthenticated:
        return kClusterUnauthenticated;
      case DefaultPolicy::kClusterAuthenticated:
        return kClusterAuthenticated;
      case DefaultPolicy::kAllUnauthenticated:
        break;
    }
    return kAllUnauthenticated;
  };
  return {meaning(), wire.origin};
}

mesh::MeshKind mesh_kind_of(std::span<const Resource> resources) {
  const bool linkerd = std::any_of(resources.begin(), resources.end(), [](const Resource& one) {
    if (one.group() == kPolicyGroup || one.group() == "linkerd.io") return true;
    const Node* metadata = is_workload(one) ? pod_metadata(one) : one.root.find("metadata");
    return injected(metadata).value_or(false);
  });
  return linkerd ? mesh::MeshKind::kLinkerd : mesh::MeshKind::kIstio;
}

void read_annotations(std::span<const Resource> resources, mesh::Model& model, Diagnostics& found) {
  const auto add = [&](auto& of, const Node* metadata, const Resource& resource) {
    of.injected = injected(metadata);
    report_not_enforced(metadata, resource.ref(), found);
    if (!metadata) return;
    if (const auto policy = decode_default_policy(*metadata, resource.ref(), found))
      of.inbound_default = to_model(*policy);
  };
  for (const auto& resource : resources) {
    const Node* metadata = resource.root.find("metadata");
    if (resource.group().empty() && *resource.kind == "Namespace")
      for (auto& ns : model.namespaces)
        if (ns.name == *resource.name) add(ns, metadata, resource);
    if (is_workload(resource))
      for (auto& workload : model.workloads)
        if (workload.ns == *resource.ns && workload.name == *resource.name)
          add(workload, pod_metadata(resource), resource);
    if (resource.group().empty() && *resource.kind == "Service")
      for (auto& service : model.services)
        if (service.ns == *resource.ns && service.name == *resource.name)
          service.callers = read_callers(resource, found);
  }
}

}  // namespace marty::dialect::linkerd
