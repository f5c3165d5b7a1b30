#include <fmt/format.h>

#include "dialect/linkerd/read.hpp"

/// What Linkerd does for an annotation and the local mesh does not.
namespace marty::dialect::linkerd {
namespace {

struct Ignored {
  std::string_view key, why;
};
constexpr std::string_view kOnlyHttp = "the local mesh takes every port for HTTP/1.1",
                           kNoBias = "the local balancer knows response times only";
constexpr Ignored kIgnored[] = {
    {"balancer.alpha.linkerd.io/penalize-failures", kNoBias},
    {"config.linkerd.io/opaque-ports", kOnlyHttp},
    {"config.linkerd.io/proxy-require-identity-inbound-ports", "in the local mesh policies decide alone"},
    {"config.linkerd.io/skip-inbound-ports", "in the local mesh no port goes past its sidecar"},
    {"config.linkerd.io/skip-outbound-ports", "in the local mesh no port goes past its sidecar"},
    {"retry.linkerd.io/grpc", kOnlyHttp},
    {"timeout.linkerd.io/idle", "the local mesh ends no call for being idle"},
};

}  // namespace

void report_not_enforced(const manifest::Node* metadata, const ObjectRef& object, Diagnostics& found) {
  const auto* annotations = metadata ? metadata->find("annotations") : nullptr;
  if (!annotations || !annotations->is_mapping()) return;
  for (const auto& [key, why] : kIgnored) {
    if (const auto* value = annotations->find(key))
      found.warning("not-enforced", value->range(), fmt::format("'{}' has no effect here: {}", key, why))
          .object = object;
  }
}

}  // namespace marty::dialect::linkerd
