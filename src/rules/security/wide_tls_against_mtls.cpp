#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "dialect/names.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// The namespace whose Services a wildcard host means; "" is the whole mesh, nothing for other hosts.
std::optional<std::string_view> scope_of(std::string_view host) {
  if (host == "*" || host == "*.local" || host == "*.cluster.local" || host == "*.svc.cluster.local")
    return "";
  if (!host.starts_with("*.") || !host.ends_with(dialect::kClusterDomain)) return std::nullopt;
  host.remove_prefix(2);
  host.remove_suffix(dialect::kClusterDomain.size());
  return host.find('.') == host.npos && host.find('*') == host.npos ? std::optional(host) : std::nullopt;
}

/// What whole namespaces take, and under the root namespace's name what the rest of the mesh does.
using Modes = std::map<std::string_view, const Node*>;

Modes modes_of(const Estate& estate) {
  Modes out;
  for (const auto* peer : estate.of("PeerAuthentication", "security.istio.io")) {
    const Node* mode = get(peer->root, "spec.mtls.mode");
    if (mode != nullptr && get(peer->root, "spec.selector") == nullptr) out.emplace(*peer->ns, mode);
  }
  return out;
}

/// The first namespace of the scope that does not take what is sent; end() when there is none.
Modes::const_iterator against(const Modes& modes, std::string_view scope, std::string_view root,
                              std::string_view sent) {
  const std::string_view refuses = sent == "ISTIO_MUTUAL" ? "DISABLE" : "STRICT";
  if (scope.empty())
    return std::find_if(modes.begin(), modes.end(),
                        [&](const auto& one) { return one.second->text == refuses; });
  auto own = modes.find(scope);
  if (own == modes.end()) own = modes.find(root);
  return own != modes.end() && own->second->text == refuses ? own : modes.end();
}

void check_mode(const Estate& estate, const Resource& rule, const Modes& modes, std::string_view scope,
                const Place& mode, Report& report) {
  const std::string_view root = estate.settings().root_namespace;
  const auto refusing = against(modes, scope, root, mode.node.text);
  if (refusing == modes.end()) return;
  const auto& [ns, other] = *refusing;
  report
      .at(rule, mode,
          fmt::format("{} takes {}, and this sends {}: calls there fail with 503",
                      ns == root ? "the mesh" : fmt::format("namespace '{}'", ns),
                      other->text == "STRICT" ? "its mutual TLS only" : "plain text only",
                      mode.node.text == "ISTIO_MUTUAL" ? "mutual TLS"
                      : mode.node.text == "DISABLE"    ? "plain text"
                                                       : "TLS of its own"))
      .notes = {see(*other, "what the pods take is said here"),
                {{}, "leave tls out: sidecars find out by themselves what the other side takes"}};
}

void check(const Estate& estate, Report& report) {
  const auto modes = modes_of(estate);
  for (const auto* rule : estate.of("DestinationRule"))
    if (const auto scope = scope_of(text(rule->root, "spec.host")))
      each(rule->root, "spec.trafficPolicy.tls.mode",
           [&](const Place& mode) { check_mode(estate, *rule, modes, *scope, mode, report); });
}

}  // namespace

extern const Rule wide_tls_against_mtls{
    .id = "wide-tls-against-mtls",
    .severity = Severity::kError,
    .peers = "KIA0205 KIA0206 KIA0401 KIA0501 KIA0505 KIA0506",
    .title = "a DestinationRule for many hosts sends what their namespace does not take",
    .why =
        "A DestinationRule says what callers send, a PeerAuthentication what pods take. A rule for all hosts "
        "of a namespace or of the mesh that turns TLS off meets STRICT, or one that turns mutual TLS on "
        "meets "
        "DISABLE: every call that no narrower rule changes fails.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop, namespace: shop}
spec:
  host: "*.shop.svc.cluster.local"
  trafficPolicy:
    tls:
      mode: DISABLE # <<
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: shop, namespace: shop}
spec:
  host: "*.shop.svc.cluster.local"
  trafficPolicy:
    tls:
      mode: ISTIO_MUTUAL
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
