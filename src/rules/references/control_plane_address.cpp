#include <fmt/format.h>

#include "policy/ip_block.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// "istiod.example" of "https://istiod.example:15017/inject"; of an IPv6 address without its brackets.
std::string_view host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == url.npos) return {};
  url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  if (url.starts_with('[')) return url.substr(1, url.find(']') - 1);
  return url.substr(0, url.find(':'));
}

void look(const Resource& resource, const Place& place, Report& report) {
  const std::string_view url = place.node.text;
  const auto host = host_of(url);
  if (!url.starts_with("https://") || host.empty()) {
    auto& finding =
        report.at(resource, place, fmt::format("'{}' is no address that an API server can call", url));
    finding.severity = Severity::kError;
    finding.notes = {{{}, "https://, a name, a port and a path: https://istiod.example:15017/inject"}};
  } else if (policy::parse_ip(host)) {
    report
        .at(resource, place,
            fmt::format(
                "the external control plane is called by its address {}: no certificate is valid for it "
                "longer than the address is",
                host))
        .notes = {{{}, "give it a name in DNS"}};
  }
}

void check(const Estate& estate, Report& report) {
  for (const auto* kind : {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"})
    for (const auto* resource : estate.of(kind))
      if (resource->name->find("istio") != std::string::npos)
        each(resource->root, "webhooks[].clientConfig.url",
             [&](const Place& url) { look(*resource, url, report); });
}

}  // namespace

extern const Rule control_plane_address{
    .id = "control-plane-address",
    .severity = Severity::kInfo,
    .peers = "IST0163 IST0164",
    .title = "webhooks call an external control plane where there is none, or by a bare address",
    .why =
        "In a cluster whose istiod runs elsewhere, its webhooks have a URL instead of a Service. One without "
        "a host, or not https, is refused by the API server, or fails for every pod that is to be injected. "
        "A bare IP address works until the gateway in front of istiod gets another one, and its certificate "
        "has to name the address.",
    .bad = R"(
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector}
webhooks:
- name: rev.namespace.sidecar-injector.istio.io
  admissionReviewVersions: [v1]
  sideEffects: None
  clientConfig:
    url: https://203.0.113.7:15017/inject # <<
)",
    .good = R"(
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector}
webhooks:
- name: rev.namespace.sidecar-injector.istio.io
  admissionReviewVersions: [v1]
  sideEffects: None
  clientConfig:
    url: https://istiod.example:15017/inject
)",
    .check = check,
};

}  // namespace marty::rules::catalog
