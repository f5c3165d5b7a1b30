#include "rules/upgrades.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "rules/mtls.hpp"
#include "rules/queries.hpp"

namespace marty::rules {

namespace {

using See = Upgrade::See;

bool originates_tls(const Node& tls) {
  const auto mode = text(tls, "mode");
  return mode == "SIMPLE" || mode == "MUTUAL";
}

void unverified_servers(const Estate& estate, const See& see) {
  each_client_tls(estate, [&](const Resource& rule, const Place& tls, std::int64_t) {
    if (!originates_tls(tls.node) || is_true(tls.node.find("insecureSkipVerify")) ||
        !text(tls.node, "caCertificates").empty() || !text(tls.node, "credentialName").empty())
      return;
    see(rule, tls.node, tls.path,
        "the server's certificate is verified against the system's authorities, where none was verified "
        "before");
  });
}

void silent_sni(const Estate& estate, const See& see) {
  each_client_tls(estate, [&](const Resource& rule, const Place& tls, std::int64_t) {
    if (originates_tls(tls.node) && text(tls.node, "sni").empty())
      see(rule, tls.node, tls.path, "the SNI is the request's host, where none was sent before");
  });
}

bool is_alias(const Estate& estate, std::string_view host, std::string_view ns) {
  const auto* service = estate.service(host, ns);
  return service != nullptr && text(service->root, "spec.type") == "ExternalName";
}

void policies_of_aliases(const Estate& estate, const See& see) {
  for (const auto* rule : estate.of("DestinationRule")) {
    const Node* host = get(rule->root, "spec.host");
    if (host != nullptr && is_alias(estate, host->text, *rule->ns))
      see(*rule, *host, "spec.host",
          fmt::format(
              "'{}' is an ExternalName Service, an alias to which no DestinationRule applies any more",
              host->text));
  }
}

void routes_to_aliases(const Estate& estate, const See& see) {
  each(estate.of("VirtualService"), "spec.http[].route[].destination.host",
       [&](const Resource* routes, const Place& host) {
         if (is_alias(estate, host.node.text, *routes->ns))
           see(*routes, host.node, host.path,
               fmt::format(
                   "'{}' is an ExternalName Service: a route to it works only when what it stands for is a "
                   "Service or ServiceEntry",
                   host.node.text));
       });
}

void target_ports_of_entries(const Estate& estate, const See& see) {
  for (const auto* entry : estate.of("ServiceEntry")) {
    const auto resolution = text(entry->root, "spec.resolution");
    if (!resolution.empty() && resolution != "NONE") continue;
    each(entry->root, "spec.ports[].targetPort", [&](const Place& port) {
      see(*entry, port.node, port.path,
          "targetPort counts with resolution NONE, where it was ignored before");
    });
  }
}

void tracing_without_collector(const Estate& estate, const See& see) {
  for (const auto* install : estate.of("IstioOperator")) {
    const Node* config = get(install->root, "spec.meshConfig");
    const Node* on = config == nullptr ? nullptr : config->find("enableTracing");
    if (!is_true(on) || get(*config, "defaultConfig.tracing") != nullptr ||
        get(*config, "defaultProviders.tracing") != nullptr)
      continue;
    see(*install, *on, "spec.meshConfig.enableTracing",
        "spans go nowhere: zipkin.istio-system is no longer where they are sent unasked");
  }
}

void excluded_dns(const Estate& estate, const See& see) {
  constexpr std::string_view kKey = "traffic.sidecar.istio.io/excludeOutboundPorts";
  for (const auto& pods : estate.pods()) {
    const Node* annotations = pods.metadata == nullptr ? nullptr : pods.metadata->find("annotations");
    const Node* ports = annotations == nullptr ? nullptr : annotations->find(kKey);
    if (ports == nullptr || ("," + ports->text + ",").find(",53,") == std::string::npos) continue;
    see(*pods.owner, *ports, fmt::format("spec.template.metadata.annotations.{}", kKey),
        "lookups of names by UDP pass the sidecar by as well, where only TCP did before");
  }
}

void retries_on_default(const Estate& estate, const See& see) {
  for (const auto* routes : estate.of("VirtualService")) {
    bool said = false;  // once for an object
    each(routes->root, "spec.http[].retries", [&](const Place& retries) {
      if (said || number(retries.node, "attempts").value_or(2) == 0 || !text(retries.node, "retryOn").empty())
        return;
      said = true;
      see(*routes, retries.node, retries.path,
          "without retryOn an answer 503 is no longer tried again: it may be the application's own");
    });
  }
}

void rules_by_scope(const Estate& estate, const See& see) {
  struct First {
    const Node* scope;
  };
  const auto names = [](const Node* scope) {
    std::string out;
    if (scope != nullptr)
      for (const auto& item : scope->children) out += item.text + " ";
    return out.empty() ? std::string("* ") : out;
  };
  std::map<std::pair<std::string_view, std::string_view>, First> known;
  for (const auto* rule : estate.of("DestinationRule")) {
    const Node* scope = get(rule->root, "spec.exportTo");
    const Node* host = get(rule->root, "spec.host");
    if (host == nullptr) continue;
    const auto [first, fresh] = known.try_emplace({*rule->ns, host->text}, First{scope});
    if (!fresh && names(first->second.scope) != names(scope))
      see(*rule, scope != nullptr ? *scope : *host, scope != nullptr ? "spec.exportTo" : "spec.host",
          fmt::format("it is not merged any more with the other DestinationRule of '{}', as their exportTo "
                      "differs",
                      host->text));
  }
}

void wasm_attributes(const Estate& estate, const See& see) {
  for (const auto* telemetry : estate.of("Telemetry"))
    each_scalar(telemetry->root, [&](const Place& place) {
      for (const std::string_view old : {"wasm.upstream_peer", "wasm.downstream_peer"})
        if (place.node.text.find(old) != std::string::npos)
          return see(*telemetry, place.node, place.path,
                     fmt::format("'{}' is empty: peers are in filter_state.{}", old, old.substr(5)));
    });
}

void old_gateway_label(const Estate& estate, const See& see) {
  for (const auto& resource : estate.all())
    for (const auto* path :
         {"spec.selector.matchLabels", "spec.workloadSelector.labels", "spec.podSelector.matchLabels"}) {
      const Node* labels = get(resource.root, path);
      const Node* old = is_mapping(labels) ? labels->find("istio.io/gateway-name") : nullptr;
      if (old != nullptr)
        see(resource, *old, fmt::format("{}.istio.io/gateway-name", path),
            "gateways made from the Gateway API no longer carry the label istio.io/gateway-name");
    }
}

void remaining_of_breakers(const Estate& estate, const See& see) {
  for (const auto& query : estate.queries().all())
    for (const auto& use : metric_uses(query.parsed.root)) {
      const std::string_view name = use.selector->name;
      if (query.json != nullptr || !name.starts_with("envoy_cluster_circuit_breakers_") ||
          name.find("_remaining_") == name.npos)
        continue;
      see(*query.resource, *query.node, query.path,
          fmt::format("sidecars no longer make '{}': what remains of limits is not tracked", name));
      break;
    }
}

void stats_compression(const Estate& estate, const See& see) {
  constexpr std::string_view kKey = "sidecar.istio.io/statsCompression";
  for (const auto& pods : estate.pods()) {
    const Node* annotations = pods.metadata == nullptr ? nullptr : pods.metadata->find("annotations");
    if (const Node* old = annotations == nullptr ? nullptr : annotations->find(kKey))
      see(*pods.owner, *old, fmt::format("spec.template.metadata.annotations.{}", kKey),
          "the annotation is gone, and metrics are compressed for whoever accepts it");
  }
}

constexpr Upgrade kUpgrades[] = {
    {21, "caCertificates names the authority; insecureSkipVerify: true keeps it unverified", true,
     unverified_servers},
    {21, "write sni, if the server is known by another name than its host", true, silent_sni},
    {21, "write the rule for what the Service stands for", true, policies_of_aliases},
    {21, "route to what it stands for, and have a ServiceEntry for it", true, routes_to_aliases},
    {22, "leave targetPort out, if it was never meant", true, target_ports_of_entries},
    {22, "name a collector: extensionProviders, and a Telemetry that chooses it", true,
     tracing_without_collector},
    {23, "leave 53 out, if the sidecar shall answer lookups (dnsCapture)", false, excluded_dns},
    {24, "write retryOn; 'connect-failure,refused-stream,unavailable,cancelled,503' is what it was", true,
     retries_on_default},
    {24, "write one DestinationRule, or give both the same exportTo", true, rules_by_scope},
    {24, "has(filter_state.downstream_peer) tells the old and the new apart", false, wasm_attributes},
    {24, "select by gateway.networking.k8s.io/gateway-name", false, old_gateway_label},
    {29, "istiod's DISABLE_TRACK_REMAINING_CB_METRICS=false brings them back", true, remaining_of_breakers},
    {29, "statsCompression: false in the annotation proxy.istio.io/config", false, stats_compression},
};

}  // namespace

std::span<const Upgrade> upgrades() { return kUpgrades; }

int istio_minor(std::string_view release) {
  if (!release.starts_with("1.")) return 0;
  int minor = 0;
  std::from_chars(release.data() + 2, release.data() + release.size(), minor);
  return minor;
}

}  // namespace marty::rules
